import { linkSignIn } from "#src/features/account/sign-in-by-link";
import type { SignInMethod } from "#src/identity/sign-in/method";
import { signInMethods } from "#src/identity/sign-in/methods";

/**
 * All sign-in methods with a form. The link method is added here because it can also set up the installation, which
 * `identity` does not cover.
 */
export const forms: readonly SignInMethod[] = [...signInMethods, linkSignIn];
