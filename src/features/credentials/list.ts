import { and, desc, eq, lt } from "drizzle-orm";
import { security } from "../../../drizzle/security";
import type { Authorized } from "../../access/authorized";
import { readTogetherAs } from "../../access/read-as";
import { pageOfRows } from "../../database/page";
import { syncStatesOf } from "../../delivery/sync-states";
import type { Credential, ListCredentials } from "./contract";
import { credentialColumns } from "./credential-columns";
import { presentCredential } from "./present-credential";

/** An application's credentials, newest first. */
export async function listCredentials(
  authorized: Authorized<"security:read", "application">,
  input: ListCredentials,
): Promise<{ items: Credential[]; nextCursor: string | null }> {
  const { applicationId } = authorized.object;
  return readTogetherAs(authorized, 2, async (tx) => {
    const reading = tx
      .select(credentialColumns)
      .from(security)
      .where(
        and(
          eq(security.applicationId, applicationId),
          input.cursor === undefined ? undefined : lt(security.securityId, input.cursor),
        ),
      )
      .orderBy(desc(security.securityId))
      .limit(input.limit + 1);
    const states = syncStatesOf(tx, [applicationId], authorized.request.runtime.clock.now());
    const [rows, stateOf] = await Promise.all([reading, states]);
    return pageOfRows(
      rows,
      input,
      (row) => row.securityId,
      (row) => presentCredential(row, { changeId: null, state: stateOf(applicationId) }),
    );
  });
}
