import { and, asc, desc, eq, isNotNull, lte, sql } from "drizzle-orm";
import { auditCheckpoints, auditEntries } from "../../drizzle/audit";
import { type Database, rowsOf, type Transaction } from "../database/database";
import type { Signer } from "../database/signing";
import { isoText, isReached, isReadable, later } from "../platform/moment";
import { type BrokenChain, type ChainPosition, chainStart, followChain } from "./follow-chain";
import { removalText } from "./statement-text";

/** Entries that one transaction removes. */
const removedAtOnce = 250;

/** One removal: it goes in parts, and leaves one statement. */
export interface Removal {
  readonly organizationId: string;
  /** Entries from before this go. */
  readonly before: Date;
  /** When it began. */
  readonly now: Date;
  readonly signer: Signer;
}

export type Removed =
  | { readonly kind: "removed"; readonly entries: number; readonly more: boolean }
  /** The log is not what it was: whatever is left of it stays as it is. */
  | { readonly kind: "broken"; readonly broken: BrokenChain };

/**
 * Removes the next part of what is older than an organization's log is kept: sealed entries, from the chain's beginning,
 * never its last one. What it takes is looked at once more, and signed for, so that the rest can still be verified.
 * @param already removed by the same removal
 */
export function removeOldEntries(database: Database, removal: Removal, already: number): Promise<Removed> {
  const { organizationId, before, now, signer } = removal;
  return database.transaction("retention", null, async (tx) => {
    const free = await tx.execute(
      sql`select pg_try_advisory_xact_lock(hashtextextended(${`portcullis:audit-retention:${organizationId}`}, 0)) as free`,
    );
    if (!rowsOf<{ free: boolean }>(free)[0]?.free) return { kind: "removed", entries: 0, more: false };
    const own = eq(auditEntries.organizationId, organizationId);
    const page = await tx
      .select()
      .from(auditEntries)
      .where(and(own, isNotNull(auditEntries.sequence)))
      .orderBy(asc(auditEntries.sequence))
      .limit(removedAtOnce + 1);
    const from = await beginningOf(tx, organizationId, signer);
    const lastRemoved = later(before, -1);
    let position: ChainPosition = from;
    let entries = 0;
    for (const entry of page.slice(0, -1)) {
      if (!isReached(entry.createdAt, lastRemoved) || entries === removedAtOnce) break;
      const next = followChain(position, entry);
      if ("why" in next) return { kind: "broken", broken: next };
      position = next;
      entries++;
    }
    if (entries === 0) return { kind: "removed", entries, more: false };
    const removed = already + entries;
    const { sequence, hash } = position;
    const at = now.toISOString();
    const signature = signer.sign("checkpoint", removalText({ organizationId, sequence, hash, removed, at }));
    await tx
      .insert(auditCheckpoints)
      .values({ organizationId, sequence, hash, kind: "removal", removed, signature, createdAt: now });
    if (already > 0) {
      const { organizationId: organization, kind, sequence: upTo } = auditCheckpoints;
      await tx
        .delete(auditCheckpoints)
        .where(and(eq(organization, organizationId), eq(kind, "removal"), eq(upTo, from.sequence)));
    }
    await tx.delete(auditEntries).where(and(own, lte(auditEntries.sequence, sequence)));
    return { kind: "removed", entries, more: entries === removedAtOnce };
  });
}

/**
 * Signs the statement of an organization's last removal anew where it is signed under a former secret, so that the log
 * can still be verified when that secret is forgotten.
 */
export function renewRemoval(database: Database, organizationId: string, signer: Signer): Promise<void> {
  return database.transaction("retention", null, async (tx) => {
    const { organizationId: organization, kind, sequence } = auditCheckpoints;
    const removals = and(eq(organization, organizationId), eq(kind, "removal"));
    const [last] = await tx.select().from(auditCheckpoints).where(removals).orderBy(desc(sequence)).limit(1);
    if (!last) return;
    const text = textOf(last);
    if (text === null) return;
    const signature = signer.sign("checkpoint", text);
    if (signature === last.signature || !signer.verify("checkpoint", text, last.signature)) return;
    await tx.delete(auditCheckpoints).where(and(removals, eq(sequence, last.sequence)));
    await tx.insert(auditCheckpoints).values({ ...last, signature });
  });
}

/** Where an organization's log begins: behind what was removed last, if that was signed here. */
async function beginningOf(tx: Transaction, organizationId: string, signer: Signer): Promise<ChainPosition> {
  const { organizationId: organization, kind, sequence } = auditCheckpoints;
  const removals = and(eq(organization, organizationId), eq(kind, "removal"));
  const [last] = await tx.select().from(auditCheckpoints).where(removals).orderBy(desc(sequence)).limit(1);
  const text = last ? textOf(last) : null;
  if (!last || text === null || !signer.verify("checkpoint", text, last.signature)) return chainStart;
  return { sequence: last.sequence, hash: last.hash };
}

/** What was signed; null where its time cannot be read, over which there is no signature. */
const textOf = (removal: typeof auditCheckpoints.$inferSelect) =>
  isReadable(removal.createdAt) ? removalText({ ...removal, at: isoText(removal.createdAt) }) : null;
