import { and, desc, lt } from "drizzle-orm";
import { auditEntries } from "#drizzle/audit";
import { pageOfRows } from "#src/database/page-of-rows";
import { operation } from "#src/operations/operation";
import { caller } from "#src/operations/subject";
import { type AuditEntry, AuditPage, ListAudit } from "./contract";
import { auditLogOf, entryFilter, type LogReader, presentAuditEntry } from "./rows";

/** Actions and refused attempts, newest first. Entries that are not sealed yet have no sequence. */
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

export const list = operation(
  {
    name: "audit.list",
    summary: "List entries of the organization's audit log",
    permission: "audit:read",
    on: caller,
    input: ListAudit,
    output: AuditPage,
    errors: [],
    rest: { method: "GET", path: "/audit/entries" },
  },
  listAuditEntries,
);

export const listOfInstallation = operation(
  {
    name: "audit.installation.list",
    summary: "List entries of the installation's audit log",
    permission: "installation-audit:read",
    on: caller,
    input: ListAudit,
    output: AuditPage,
    errors: [],
    rest: { method: "GET", path: "/installation/audit/entries" },
  },
  listAuditEntries,
);
