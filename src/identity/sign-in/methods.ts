import type { SignInMethod } from "./method";
import { passwordSignIn } from "./password";

/** Every way to sign in with what the browser sends itself. */
export const signInMethods: readonly SignInMethod[] = [passwordSignIn];
