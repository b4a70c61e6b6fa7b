import { unchanged } from "../../access/unit-of-work";
import type { Key } from "./contract";
import type { KeyRow } from "./key-columns";

/** The public form of a key. No gateway ever has to hear of one. */
export function presentKey({ providerId: _, ...row }: KeyRow): Key {
  return {
    ...row,
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt?.toISOString() ?? null,
    revokedAt: row.revokedAt?.toISOString() ?? null,
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
    sync: { ...unchanged },
  };
}
