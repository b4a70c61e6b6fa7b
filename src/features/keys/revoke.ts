import { eq, sql } from "drizzle-orm";
import { apiKeys } from "#drizzle/api-keys";
import type { Authorized } from "#src/access/authorized";
import { unitOfWork } from "#src/access/unit-of-work";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { Key, KeyById } from "./contract";
import { apiKey, type LocatedKey } from "./resource";
import { keyColumns, presentKey } from "./rows";
import { requireKeyNotAboveOwn } from "./rules";

/**
 * Revokes an API key. The next request with it is refused. It stays in the list, so that the audit log stays readable.
 * @throws Refusal `key_above_own`
 */
export async function revokeKey(authorized: Authorized<"key:delete", LocatedKey>): Promise<Key> {
  return unitOfWork(authorized, async (work) => {
    await requireKeyNotAboveOwn(work);
    const { apiKeyId, name } = work.authorized.object;
    const [row] = await work.tx
      .update(apiKeys)
      .set({ revokedAt: sql`coalesce(${apiKeys.revokedAt}, ${work.now.toISOString()}::timestamptz)` })
      .where(eq(apiKeys.apiKeyId, apiKeyId))
      .returning(keyColumns);
    if (!row) throw new Refusal("not_found", authorized.named);
    work.auditAs("keys.revoke", { kind: "apiKey", id: apiKeyId }, { name });
    return presentKey(row);
  });
}

export const revoke = operation(
  {
    name: "keys.revoke",
    summary: "Revoke an API key",
    permission: "key:delete",
    on: apiKey,
    input: KeyById,
    output: Key,
    errors: ["key_above_own"],
    rest: { method: "POST", path: "/keys/{apiKeyId}/revoke" },
  },
  revokeKey,
);

export const remove = operation(
  {
    name: "keys.delete",
    summary: "Revoke an API key, as keys.revoke does",
    permission: "key:delete",
    on: apiKey,
    input: KeyById,
    output: Key,
    errors: ["key_above_own"],
    rest: { method: "DELETE", path: "/keys/{apiKeyId}", status: 204 },
  },
  revokeKey,
);
