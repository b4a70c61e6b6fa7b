import { eq } from "drizzle-orm";
import { security } from "#drizzle/security";
import { readTogetherAs } from "#src/access/read-as";
import { syncStatesOf } from "#src/delivery/sync-states";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { ApplicationCredential, CredentialById } from "./contract";
import { credential } from "./resource";
import { credentialColumns, presentCredential } from "./rows";

/** One credential, without its password and its hash. */
export const one = operation(
  {
    name: "security.one",
    summary: "Get a credential, without its password",
    permission: "security:read",
    on: credential,
    input: CredentialById,
    output: ApplicationCredential,
    errors: [],
    rest: { method: "GET", path: "/credentials/{securityId}" },
  },
  async (authorized) => {
    const { securityId, application } = authorized.object;
    return readTogetherAs(authorized, 2, async (tx) => {
      const [[row], stateOf] = await Promise.all([
        tx.select(credentialColumns).from(security).where(eq(security.securityId, securityId)),
        syncStatesOf(tx, [application.applicationId], authorized.request.runtime.clock.now()),
      ]);
      if (!row) throw new Refusal("not_found", authorized.named);
      return presentCredential(row, { changeId: null, state: stateOf(application.applicationId) });
    });
  },
);
