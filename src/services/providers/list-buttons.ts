import type { ListSignInButtons } from "../../contracts/providers";
import { listSignInButtons, type SignInButton } from "../../identity/oidc/provider";
import { trustedHeaderButton } from "../../identity/sign-in/trusted-header";
import type { Runtime } from "../../persistence/runtime";

/** Every way to sign in that a visitor of the sign-in page can choose, beside the password and passkeys. */
export async function listButtons(runtime: Runtime, { organization }: ListSignInButtons): Promise<SignInButton[]> {
  const buttons = await listSignInButtons(runtime, organization ?? null);
  return runtime.signIn.trustedHeader === null ? buttons : [trustedHeaderButton, ...buttons];
}
