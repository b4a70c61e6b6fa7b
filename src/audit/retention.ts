import { and, asc, desc, eq, isNotNull, lte, sql } from "drizzle-orm";
import { auditCheckpoints, auditEntries } from "#drizzle/audit";
import { type Database, rowsOf, type Transaction } from "../database/database";
import type { Signer } from "../database/signing";
import { isoText, isReached, isReadable, later } from "../platform/moment";
import { type BrokenChain, type ChainPosition, chainStart, followChain } from "./follow-chain";
import { removalText } from "./statement-text";

/** Entries that one transaction removes. */
const removedAtOnce = 250;

/** One removal. It runs in several transactions, and leaves one statement. */
export interface Removal {
  readonly organizationId: string;
  /** Entries from before this time are removed. */
  readonly before: Date;
  /** When the removal began. */
  readonly now: Date;
  readonly signer: Signer;
}

export type Removed =
  | { readonly kind: "removed"; readonly entries: number; readonly more: boolean }
  /** The log is not intact: the remaining entries stay as they are. */
  | { readonly kind: "broken"; readonly broken: BrokenChain };

/**
 * Removes the next part of the entries that exceed an organization's retention time: sealed entries, from the beginning
 * of the chain, and never the last one. The removed entries are verified once more and covered by a signed statement,
 * so that the rest of the chain can still be verified.
 * @param already the number of entries already removed by the same removal
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
 * Signs the statement of an organization's last removal with the current secret if a previous secret signed it, so that
 * the log can still be verified after that secret is removed.
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

/** The position where an organization's log begins: after the last removal, if this installation signed it. */
async function beginningOf(tx: Transaction, organizationId: string, signer: Signer): Promise<ChainPosition> {
  const { organizationId: organization, kind, sequence } = auditCheckpoints;
  const removals = and(eq(organization, organizationId), eq(kind, "removal"));
  const [last] = await tx.select().from(auditCheckpoints).where(removals).orderBy(desc(sequence)).limit(1);
  const text = last ? textOf(last) : null;
  if (!last || text === null || !signer.verify("checkpoint", text, last.signature)) return chainStart;
  return { sequence: last.sequence, hash: last.hash };
}

/** The signed text; null if its time cannot be read, because such a statement is never signed. */
const textOf = (removal: typeof auditCheckpoints.$inferSelect) =>
  isReadable(removal.createdAt) ? removalText({ ...removal, at: isoText(removal.createdAt) }) : null;
