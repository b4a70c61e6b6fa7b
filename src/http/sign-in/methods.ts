import { linkSignIn } from "../../features/account/sign-in-by-link";
import type { SignInMethod } from "../../identity/sign-in/method";
import { signInMethods } from "../../identity/sign-in/methods";

/** Every form that signs somebody in; a link can set up the installation first, which is more than identity knows of. */
export const forms: readonly SignInMethod[] = [...signInMethods, linkSignIn];
