import type { Runtime } from "../../access/runtime";
import { listSignInButtons, type SignInButton } from "../../identity/external/provider";
import { trustedHeaderButton } from "../../identity/external/trusted-header";
import type { ListSignInButtons } from "./contract";

/** Every way to sign in that a visitor of the sign-in page can choose, beside the password and passkeys. */
export async function listButtons(runtime: Runtime, { organization }: ListSignInButtons): Promise<SignInButton[]> {
  const buttons = await listSignInButtons(runtime, organization ?? null);
  return runtime.signIn.trustedHeader === null ? buttons : [trustedHeaderButton, ...buttons];
}
