import { createHash } from "node:crypto";

/** An audit entry at its place in the chain. */
export interface SealedEntry {
  readonly auditId: string;
  readonly organizationId: string;
  readonly actorKind: string;
  readonly actorId: string | null;
  readonly apiKeyId: string | null;
  readonly requestId: string;
  readonly ip: string | null;
  readonly action: string;
  readonly outcome: string;
  readonly reason: string | null;
  readonly objectKind: string | null;
  readonly objectId: string | null;
  readonly changed: unknown;
  readonly createdAt: Date;
  readonly sequence: number | null;
}

/**
 * The hash that seals an entry: SHA-256, hex, over the previous entry's hash (`""` before the first) and every value of
 * this one in a fixed order, as JSON with sorted keys.
 */
export function entryHash(previous: string, entry: SealedEntry): string {
  const values = [
    previous,
    entry.sequence,
    entry.auditId,
    entry.organizationId,
    entry.actorKind,
    entry.actorId,
    entry.apiKeyId,
    entry.requestId,
    entry.ip,
    entry.action,
    entry.outcome,
    entry.reason,
    entry.objectKind,
    entry.objectId,
    sorted(entry.changed),
    entry.createdAt.toISOString(),
  ];
  return createHash("sha256").update(JSON.stringify(values)).digest("hex");
}

/** The same value, whatever the order of its keys. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value ?? null;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return entries.map(([key, held]) => [key, sorted(held)]);
}
