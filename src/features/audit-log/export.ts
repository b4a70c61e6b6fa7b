import { and, asc, gt, isNotNull, isNull, or } from "drizzle-orm";
import { auditEntries } from "#drizzle/audit";
import type { AuditEntry, AuditFilter } from "./contract";
import { type AuditLog, auditLogOf, entryFilter, type LogReader, presentAuditEntry } from "./rows";

/** Entries of one query. This limits the memory and the duration of each transaction. */
const pageSize = 250;

/**
 * Exports every entry that matches a filter, in the order of the chain, followed by the entries that are not sealed
 * yet. Pages are read on demand. The caller's permission is checked again before each page.
 * @throws Refusal as the first decision, during the export
 */
export async function* exportAuditEntries(
  authorized: LogReader,
  filter: AuditFilter,
): AsyncGenerator<readonly AuditEntry[], void> {
  const log = auditLogOf(authorized);
  let sequence = 0;
  for (;;) {
    await authorized.afresh();
    const page = await sealedAfter(log, filter, sequence);
    sequence = page.at(-1)?.sequence ?? sequence;
    if (page.length > 0) yield page.map(presentAuditEntry);
    if (page.length < pageSize) break;
  }
  let last = "";
  for (;;) {
    await authorized.afresh();
    const page = await unsealedPage(log, filter, sequence, last);
    last = page.at(-1)?.auditId ?? last;
    if (page.length > 0) yield page.map(presentAuditEntry);
    if (page.length < pageSize) return;
  }
}

function sealedAfter({ organizationId, read }: AuditLog, filter: AuditFilter, sequence: number) {
  return read((tx) =>
    tx
      .select()
      .from(auditEntries)
      .where(
        and(entryFilter(organizationId, filter), isNotNull(auditEntries.sequence), gt(auditEntries.sequence, sequence)),
      )
      .orderBy(asc(auditEntries.sequence))
      .limit(pageSize),
  );
}

/** The entries that were not sealed when the sealed ones ended. Some of them may be sealed by now. */
function unsealedPage({ organizationId, read }: AuditLog, filter: AuditFilter, sequence: number, last: string) {
  return read((tx) =>
    tx
      .select()
      .from(auditEntries)
      .where(
        and(
          entryFilter(organizationId, filter),
          or(isNull(auditEntries.sequence), gt(auditEntries.sequence, sequence)),
          gt(auditEntries.auditId, last),
        ),
      )
      .orderBy(asc(auditEntries.auditId))
      .limit(pageSize),
  );
}
