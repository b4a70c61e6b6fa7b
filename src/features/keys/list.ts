import { and, desc, eq, lt, type SQL } from "drizzle-orm";
import { apiKeys } from "#drizzle/api-keys";
import { isAllowed } from "#src/access/authorization";
import type { Principal } from "#src/access/principal";
import { readAs } from "#src/access/read-as";
import { pageOfRows } from "#src/database/page-of-rows";
import { operation } from "#src/operations/operation";
import { orCaller } from "#src/operations/subject";
import { project } from "../projects/resource";
import { KeyPage, ListKeys } from "./contract";
import { keyColumns, presentKey } from "./rows";

/**
 * API keys, including revoked ones, newest first: the caller's own, and, with the permission `key:read`, all keys of
 * the organization or of one project.
 */
export const list = operation(
  {
    name: "keys.list",
    summary: "List API keys, of one project or of the organization",
    permission: "key:list",
    on: orCaller(project),
    input: ListKeys,
    output: KeyPage,
    errors: [],
    rest: { method: "GET", path: "/keys" },
  },
  async (authorized, { projectId, serviceAccountId, cursor, limit }) => {
    const { principal, organization } = authorized;
    const seesAll = isAllowed(principal, organization, "key:read", projectId ?? null);
    return readAs(authorized, async (tx) => {
      const rows = await tx
        .select(keyColumns)
        .from(apiKeys)
        .where(
          and(
            seesAll ? undefined : ownKeys(principal),
            projectId === undefined ? undefined : eq(apiKeys.projectId, projectId),
            serviceAccountId === undefined ? undefined : eq(apiKeys.serviceAccountId, serviceAccountId),
            cursor === undefined ? undefined : lt(apiKeys.apiKeyId, cursor),
          ),
        )
        .orderBy(desc(apiKeys.apiKeyId))
        .limit(limit + 1);
      return pageOfRows(rows, { limit }, (row) => row.apiKeyId, presentKey);
    });
  },
);

/** The keys of the same holder. A key without a holder sees only itself. */
function ownKeys(principal: Principal): SQL | undefined {
  if (principal.kind === "commandLine") return undefined;
  if (principal.kind === "session" || principal.userId !== null) return eq(apiKeys.userId, principal.userId ?? "");
  if (principal.serviceAccountId !== null) return eq(apiKeys.serviceAccountId, principal.serviceAccountId);
  return eq(apiKeys.apiKeyId, principal.apiKeyId);
}
