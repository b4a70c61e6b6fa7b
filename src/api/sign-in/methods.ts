import type { SignInMethod } from "../../identity/sign-in/method";
import { signInMethods } from "../../identity/sign-in/methods";
import { linkSignIn } from "../../services/auth/sign-in-by-link";

/** Every form that signs somebody in; a link can set up the installation first, which is more than identity knows of. */
export const forms: readonly SignInMethod[] = [...signInMethods, linkSignIn];
