import { and, desc, lt } from "drizzle-orm";
import { auditEntries } from "../../../drizzle/audit";
import { pageOfRows } from "../../database/page";
import { auditLogOf, type LogReader } from "./audit-log";
import type { AuditEntry, ListAudit } from "./contract";
import { entryFilter } from "./entry-filter";
import { presentAuditEntry } from "./present-audit-entry";

/** What was done, and what was refused; newest first. Entries that are not sealed yet have no sequence. */
export async function listAuditEntries(
  authorized: LogReader,
  input: ListAudit,
): Promise<{ items: AuditEntry[]; nextCursor: string | null }> {
  const { organizationId, read } = auditLogOf(authorized);
  const rows = await read((tx) =>
    tx
      .select()
      .from(auditEntries)
      .where(
        and(
          entryFilter(organizationId, input),
          input.cursor === undefined ? undefined : lt(auditEntries.auditId, input.cursor),
        ),
      )
      .orderBy(desc(auditEntries.auditId))
      .limit(input.limit + 1),
  );
  return pageOfRows(rows, input, (row) => row.auditId, presentAuditEntry);
}
