import { linkSignIn } from "../../features/account/sign-in-by-link";
import type { SignInMethod } from "../../identity/sign-in/method";
import { signInMethods } from "../../identity/sign-in/methods";

/**
 * All sign-in methods with a form. The link method is added here because it can also set up the installation, which
 * `identity` does not cover.
 */
export const forms: readonly SignInMethod[] = [...signInMethods, linkSignIn];
