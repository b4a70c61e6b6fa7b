import { createHash } from "node:crypto";

/** An audit entry at its position in the chain. */
export interface SealedEntry {
  readonly auditId: string;
  readonly organizationId: string;
  readonly actorKind: string;
  readonly actorId: string | null;
  readonly actorName: string | null;
  readonly sessionId: string | null;
  readonly authenticatedBy: string | null;
  readonly apiKeyId: string | null;
  readonly requestId: string;
  readonly ip: string | null;
  readonly action: string;
  readonly outcome: string;
  readonly reason: string | null;
  readonly objectKind: string | null;
  readonly objectId: string | null;
  readonly objectName: string | null;
  readonly count: number;
  readonly changed: unknown;
  readonly createdAt: Date;
  readonly sequence: number | null;
}

/**
 * The version of the hash: which values it covers, and in which order. It is part of the hash, so that an entry cannot
 * be presented as one of an older version.
 */
const presentForm = "3:";
/** The version of entries from the time when an object and a list of pairs had the same hash. */
const secondForm = "2:";

/**
 * The hash that seals an entry: `3:` and SHA-256, hex, over the previous entry's hash (`""` before the first) and every
 * value of this entry in a fixed order, as JSON with sorted keys.
 */
export function entryHash(previous: string, entry: SealedEntry): string {
  return hashIn(presentForm, previous, entry, inOrder(entry.changed));
}

function hashIn(form: string, previous: string, entry: SealedEntry, changed: unknown): string {
  return `${form}${digest([
    form,
    previous,
    entry.sequence,
    entry.auditId,
    entry.organizationId,
    entry.actorKind,
    entry.actorId,
    entry.actorName,
    entry.sessionId,
    entry.authenticatedBy,
    entry.apiKeyId,
    entry.requestId,
    entry.ip,
    entry.action,
    entry.outcome,
    entry.reason,
    entry.objectKind,
    entry.objectId,
    entry.objectName,
    entry.count,
    changed,
    entry.createdAt.toISOString(),
  ])}`;
}

/**
 * Checks that this hash seals this entry after the previous hash. In a chain, all entries of an earlier version come
 * before those of a later one.
 */
export function isSealed(hash: string, previous: string, entry: SealedEntry): boolean {
  if (hash.startsWith(presentForm)) return hash === entryHash(previous, entry);
  if (previous.startsWith(presentForm)) return false;
  if (hash.startsWith(secondForm)) return hash === hashIn(secondForm, previous, entry, asPairs(entry.changed));
  return !previous.startsWith(secondForm) && hash === firstForm(previous, entry);
}

/** The hash of entries from before they had an actor's name; null for an entry that has one of the later fields. */
function firstForm(previous: string, entry: SealedEntry): string | null {
  const { actorName, sessionId, authenticatedBy, objectName, count } = entry;
  if (count !== 1 || [actorName, sessionId, authenticatedBy, objectName].some((value) => value !== null)) return null;
  return digest([
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
    asPairs(entry.changed),
    entry.createdAt.toISOString(),
  ]);
}

const digest = (values: readonly unknown[]) => createHash("sha256").update(JSON.stringify(values)).digest("hex");

/** Returns the same value with sorted keys. An object stays an object, and a list stays a list. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return ["list", ...value.map(inOrder)];
  if (typeof value !== "object" || value === null) return value ?? null;
  return ["object", ...sortedEntries(value).map(([key, held]) => [key, inOrder(held)])];
}

/** The form of earlier versions, in which an object and a list of pairs are the same. */
function asPairs(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asPairs);
  if (typeof value !== "object" || value === null) return value ?? null;
  return sortedEntries(value).map(([key, held]) => [key, asPairs(held)]);
}

function sortedEntries(value: object): [string, unknown][] {
  return Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
}
