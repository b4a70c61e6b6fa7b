import { eq } from "drizzle-orm";
import { security } from "../../../drizzle/security";
import type { Credential } from "../../contracts/security";
import { NotFound } from "../../core/errors";
import type { Authorized } from "../../persistence/authorized";
import { readAs } from "../../persistence/read";
import { syncStatesOf } from "../sync-states";
import { credentialColumns } from "./credential-columns";
import { presentCredential } from "./present-credential";

/** One credential: never its password, never its hash. */
export async function getCredential(authorized: Authorized<"security:read", "credential">): Promise<Credential> {
  const { securityId, application } = authorized.object;
  return readAs(authorized, async (tx) => {
    const [row] = await tx.select(credentialColumns).from(security).where(eq(security.securityId, securityId));
    if (!row) throw new NotFound();
    const stateOf = await syncStatesOf(tx, [application.applicationId], authorized.request.runtime.clock.now());
    return presentCredential(row, { changeId: null, state: stateOf(application.applicationId) });
  });
}
