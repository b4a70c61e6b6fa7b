import { eq } from "drizzle-orm";
import { security } from "../../../drizzle/security";
import type { Authorized } from "../../access/authorized";
import { readTogetherAs } from "../../access/read-as";
import { syncStatesOf } from "../../delivery/sync-states";
import { NotFound } from "../../platform/errors";
import type { Credential } from "./contract";
import { credentialColumns } from "./credential-columns";
import { presentCredential } from "./present-credential";

/** One credential: never its password, never its hash. */
export async function getCredential(authorized: Authorized<"security:read", "credential">): Promise<Credential> {
  const { securityId, application } = authorized.object;
  return readTogetherAs(authorized, 2, async (tx) => {
    const [[row], stateOf] = await Promise.all([
      tx.select(credentialColumns).from(security).where(eq(security.securityId, securityId)),
      syncStatesOf(tx, [application.applicationId], authorized.request.runtime.clock.now()),
    ]);
    if (!row) throw new NotFound();
    return presentCredential(row, { changeId: null, state: stateOf(application.applicationId) });
  });
}
