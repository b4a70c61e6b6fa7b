import { trustedHeaderSignIn } from "../external/trusted-header";
import { invitationSignIn } from "./invitation";
import type { SignInMethod } from "./method";
import { passkeySignIn } from "./passkey";
import { passwordSignIn } from "./password";
import { secondFactorSignIn } from "./second-factor";

/** Every way to sign in with what the browser itself sends. */
export const signInMethods: readonly SignInMethod[] = [
  passwordSignIn,
  secondFactorSignIn,
  passkeySignIn,
  trustedHeaderSignIn,
  invitationSignIn,
];
