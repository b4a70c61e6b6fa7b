import { and, asc, desc, eq, gt, isNotNull, isNull, sql } from "drizzle-orm";
import { auditEntries } from "../../../drizzle/audit";
import type { SealedEntry } from "../../core/sync/audit-chain";
import { asSync } from "../as-sync";
import { type Database, rowsOf } from "../database";

/** Organizations with entries that are not in their chain yet. */
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
 * Adds the next entries to an organization's chain, oldest first, unless another process is at it. Returns how many.
 * @param seal hash of an entry at its place, from the hash of the one before (`""` before the first)
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
    const [last] = await tx
      .select({ sequence: auditEntries.sequence, hash: auditEntries.hash })
      .from(auditEntries)
      .where(and(eq(auditEntries.organizationId, organizationId), isNotNull(auditEntries.sequence)))
      .orderBy(desc(auditEntries.sequence))
      .limit(1);
    const entries = await tx
      .select()
      .from(auditEntries)
      .where(and(eq(auditEntries.organizationId, organizationId), isNull(auditEntries.sequence)))
      .orderBy(asc(auditEntries.auditId))
      .limit(limit);
    let sequence = last?.sequence ?? 0;
    let previous = last?.hash ?? "";
    for (const entry of entries) {
      sequence++;
      previous = seal(previous, { ...entry, sequence });
      await tx.update(auditEntries).set({ sequence, hash: previous }).where(eq(auditEntries.auditId, entry.auditId));
    }
    return entries.length;
  });
}

/** Sealed entries of an organization after a place in its chain, in order. */
export function pageOfChain(database: Database, organizationId: string, after: number, limit: number) {
  return asSync(database, (tx) =>
    tx
      .select()
      .from(auditEntries)
      .where(and(eq(auditEntries.organizationId, organizationId), gt(auditEntries.sequence, after)))
      .orderBy(asc(auditEntries.sequence))
      .limit(limit),
  );
}
