import { listSignInButtons } from "#src/identity/external/provider";
import { trustedHeaderButton } from "#src/identity/external/trusted-header";
import { openOperation } from "#src/operations/operation";
import { ListSignInButtons, SignInButtons } from "./contract";

/** Every way to sign in that a visitor of the sign-in page can choose, in addition to the password and passkeys. */
export const providers = openOperation(
  {
    name: "auth.providers",
    summary: "List the identity providers of the sign-in page",
    input: ListSignInButtons,
    output: SignInButtons,
    errors: [],
    rest: { method: "GET", path: "/sign-in/providers" },
  },
  async (runtime, { organization }) => {
    const buttons = await listSignInButtons(runtime, organization ?? null);
    return runtime.signIn.trustedHeader === null ? buttons : [trustedHeaderButton, ...buttons];
  },
);
