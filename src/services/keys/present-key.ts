import type { apiKeys } from "../../../drizzle/api-keys";
import type { Key } from "../../contracts/keys";
import { unchanged } from "../../persistence/unit-of-work";
import type { keyColumns } from "./key-columns";

/** The public form of a key. No gateway ever has to hear of one. */
export function presentKey(row: Pick<typeof apiKeys.$inferSelect, keyof typeof keyColumns>): Key {
  return {
    apiKeyId: row.apiKeyId,
    name: row.name,
    role: row.role ?? "viewer",
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt?.toISOString() ?? null,
    revokedAt: row.revokedAt?.toISOString() ?? null,
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
    sync: { ...unchanged },
  };
}
