import { and, desc, eq, lt } from "drizzle-orm";
import { security } from "#drizzle/security";
import { readTogetherAs } from "#src/access/read-as";
import { pageOfRows } from "#src/database/page-of-rows";
import { syncStatesOf } from "#src/delivery/sync-states";
import { operation } from "#src/operations/operation";
import { application } from "../applications/resource";
import { CredentialPage, ListCredentials } from "./contract";
import { credentialColumns, presentCredential } from "./rows";

/** An application's credentials, newest first. */
export const list = operation(
  {
    name: "security.list",
    summary: "List the credentials of an application",
    permission: "security:read",
    on: application,
    input: ListCredentials,
    output: CredentialPage,
    errors: [],
    rest: { method: "GET", path: "/applications/{applicationId}/credentials" },
  },
  async (authorized, input) => {
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
  },
);
