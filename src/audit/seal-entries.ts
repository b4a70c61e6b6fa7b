import { and, asc, desc, eq, isNotNull, isNull, sql } from "drizzle-orm";
import { auditCheckpoints, auditEntries, refusalCounts } from "#drizzle/audit";
import { asSync } from "../database/as-sync";
import { type Database, rowsOf, type Transaction } from "../database/database";
import { passedInSql } from "../database/moments-in-sql";
import type { Signer } from "../database/signing";
import { newId } from "../platform/ids";
import { isRecent, later, readMoment, startOfMinute } from "../platform/moment";
import type { SealedEntry } from "./chain";
import { checkpointText } from "./statement-text";

/** Lists organizations with entries that are not in their chain yet. */
export function organizationsToSeal(database: Database): Promise<string[]> {
  return asSync(database, async (tx) => {
    const rows = await tx
      .selectDistinct({ organizationId: auditEntries.organizationId })
      .from(auditEntries)
      .where(isNull(auditEntries.sequence))
      .limit(1_000);
    return rows.map(({ organizationId }) => organizationId);
  });
}

/**
 * Adds the next entries to an organization's chain, oldest first, unless another process is doing so.
 * @param seal the hash of an entry at its position, from the previous entry's hash (`""` before the first)
 * @returns the number of added entries
 */
export function sealEntries(
  database: Database,
  organizationId: string,
  limit: number,
  seal: (previous: string, entry: SealedEntry) => string,
): Promise<number> {
  return asSync(database, async (tx) => {
    const free = await tx.execute(
      sql`select pg_try_advisory_xact_lock(hashtextextended(${`portcullis:audit:${organizationId}`}, 0)) as free`,
    );
    if (!rowsOf<{ free: boolean }>(free)[0]?.free) return 0;
    const last = await lastSealed(tx, organizationId);
    const entries = await tx
      .select()
      .from(auditEntries)
      .where(and(eq(auditEntries.organizationId, organizationId), isNull(auditEntries.sequence)))
      .orderBy(asc(auditEntries.auditId))
      .limit(limit);
    let sequence = last?.sequence ?? 0;
    let previous = last?.hash ?? "";
    const seals = entries.map((entry) => {
      sequence++;
      previous = seal(previous, { ...entry, sequence });
      return { auditId: entry.auditId, sequence, hash: previous };
    });
    if (seals.length > 0) {
      await tx.execute(sql`update audit_entries e set sequence = s.sequence, hash = s.hash
        from jsonb_to_recordset(${JSON.stringify(seals)}::jsonb) as s ("auditId" text, sequence integer, hash text)
        where e.audit_id = s."auditId"`);
    }
    return entries.length;
  });
}

/** The end of an organization's chain. Retention never removes it. */
async function lastSealed(tx: Transaction, organizationId: string) {
  const [last] = await tx
    .select({ sequence: auditEntries.sequence, hash: auditEntries.hash })
    .from(auditEntries)
    .where(and(eq(auditEntries.organizationId, organizationId), isNotNull(auditEntries.sequence)))
    .orderBy(desc(auditEntries.sequence))
    .limit(1);
  return last;
}

/** Kinds of refused attempts for which one transaction writes entries. */
const settledAtOnce = 100;

/**
 * Writes one entry for each kind of refused attempts that were counted in a past minute.
 * @returns whether there may be more
 */
export function settleRefusals(database: Database, now: Date): Promise<boolean> {
  return asSync(database, async (tx) => {
    const over = tx
      .select({ at: sql`ctid` })
      .from(refusalCounts)
      .where(passedInSql(refusalCounts.minute, later(startOfMinute(now), -1)))
      .limit(settledAtOnce);
    const counted = await tx.delete(refusalCounts).where(sql`ctid in ${over}`).returning();
    const entries = counted.flatMap(({ entry: { onTheirOwn, createdAt, ...entry }, count }) =>
      count <= onTheirOwn
        ? []
        : {
            ...entry,
            auditId: newId("audit"),
            outcome: "refused" as const,
            // Only the entries of the first few attempts name their objects.
            objectId: null,
            objectName: null,
            count: count - onTheirOwn,
            createdAt: readMoment(createdAt),
          },
    );
    if (entries.length > 0) await tx.insert(auditEntries).values(entries);
    return counted.length === settledAtOnce;
  });
}

const day = 86_400_000;

/** Signs the end of an organization's chain, unless it was signed within a day or no entry was added since. */
export function writeCheckpoint(database: Database, organizationId: string, signer: Signer, now: Date): Promise<void> {
  return asSync(database, async (tx) => {
    const [latest] = await tx
      .select({ sequence: auditCheckpoints.sequence, createdAt: auditCheckpoints.createdAt })
      .from(auditCheckpoints)
      .where(and(eq(auditCheckpoints.organizationId, organizationId), eq(auditCheckpoints.kind, "checkpoint")))
      .orderBy(desc(auditCheckpoints.sequence))
      .limit(1);
    if (latest && isRecent(latest.createdAt, now, day - 1)) return;
    const last = await lastSealed(tx, organizationId);
    if (!last?.sequence || !last.hash || last.sequence === latest?.sequence) return;
    const statement = { organizationId, sequence: last.sequence, hash: last.hash, at: now.toISOString() };
    const { sequence, hash } = statement;
    const signature = signer.sign("checkpoint", checkpointText(statement));
    await tx
      .insert(auditCheckpoints)
      .values({ organizationId, sequence, hash, kind: "checkpoint", signature, createdAt: now })
      .onConflictDoNothing();
  });
}

/** Returns the next organization with a log, in order; null after the last. */
export function nextLog(database: Database, after: string): Promise<string | null> {
  return asSync(database, async (tx) => {
    const [row] = await tx
      .select({ organizationId: auditEntries.organizationId })
      .from(auditEntries)
      .where(sql`${auditEntries.organizationId} > ${after}`)
      .orderBy(asc(auditEntries.organizationId))
      .limit(1);
    return row?.organizationId ?? null;
  });
}
