import { and, desc, eq, isNotNull, isNull, lt, or, type SQL, sql } from "drizzle-orm";
import { apiKeys } from "#drizzle/api-keys";
import { users } from "#drizzle/members";
import { serviceAccounts } from "#drizzle/roles";
import { isAllowed } from "#src/access/authorization";
import type { Principal } from "#src/access/principal";
import { readAs } from "#src/access/read-as";
import { aheadInSql, passedInSql } from "#src/database/moments-in-sql";
import { pageOfRows } from "#src/database/page-of-rows";
import { operation } from "#src/operations/operation";
import { orCaller } from "#src/operations/subject";
import { hasPassed } from "#src/platform/moment";
import { project } from "../projects/resource";
import { KeyPage, type ListedKey, ListKeys } from "./contract";
import { type KeyRow, keyColumns, presentKey } from "./rows";

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
  async (authorized, { projectId, serviceAccountId, state, cursor, limit }) => {
    const { principal, organization } = authorized;
    const now = authorized.request.runtime.clock.now();
    const seesAll = isAllowed(principal, organization, "key:read", projectId ?? null);
    return readAs(authorized, async (tx) => {
      const rows = await tx
        .select({
          ...keyColumns,
          holderName: sql<string | null>`coalesce(${serviceAccounts.name}, ${users.name}, ${users.email})`,
        })
        .from(apiKeys)
        .leftJoin(users, eq(users.userId, apiKeys.userId))
        .leftJoin(serviceAccounts, eq(serviceAccounts.serviceAccountId, apiKeys.serviceAccountId))
        .where(
          and(
            seesAll ? undefined : ownKeys(principal),
            projectId === undefined ? undefined : eq(apiKeys.projectId, projectId),
            serviceAccountId === undefined ? undefined : eq(apiKeys.serviceAccountId, serviceAccountId),
            state === undefined ? undefined : inState(state, now),
            cursor === undefined ? undefined : lt(apiKeys.apiKeyId, cursor),
          ),
        )
        .orderBy(desc(apiKeys.apiKeyId))
        .limit(limit + 1);
      return pageOfRows(
        rows,
        { limit },
        (row) => row.apiKeyId,
        ({ holderName, ...row }) => ({ ...presentKey(row), holderName, state: stateOf(row, now) }),
      );
    });
  },
);

function stateOf({ revokedAt, expiresAt }: Pick<KeyRow, "revokedAt" | "expiresAt">, now: Date): ListedKey["state"] {
  if (revokedAt !== null) return "revoked";
  return expiresAt !== null && hasPassed(expiresAt, now) ? "expired" : "active";
}

/** The same rule in SQL. */
function inState(state: ListedKey["state"], now: Date): SQL | undefined {
  if (state === "revoked") return isNotNull(apiKeys.revokedAt);
  const hasExpired = and(isNotNull(apiKeys.expiresAt), passedInSql(apiKeys.expiresAt, now));
  const isAhead = or(isNull(apiKeys.expiresAt), aheadInSql(apiKeys.expiresAt, now));
  return and(isNull(apiKeys.revokedAt), state === "active" ? isAhead : hasExpired);
}

/** The keys of the same holder. A key without a holder sees only itself. */
function ownKeys(principal: Principal): SQL | undefined {
  if (principal.kind === "commandLine") return undefined;
  if (principal.kind === "session" || principal.userId !== null) return eq(apiKeys.userId, principal.userId ?? "");
  if (principal.serviceAccountId !== null) return eq(apiKeys.serviceAccountId, principal.serviceAccountId);
  return eq(apiKeys.apiKeyId, principal.apiKeyId);
}
