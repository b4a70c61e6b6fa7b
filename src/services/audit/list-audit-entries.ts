import { and, desc, eq, lt } from "drizzle-orm";
import { auditEntries } from "../../../drizzle/audit";
import type { AuditEntry, ListAudit } from "../../contracts/audit";
import type { Authorized } from "../../persistence/authorized";
import { readAs } from "../../persistence/read";
import { pageOfRows } from "../page";
import { presentAuditEntry } from "./present-audit-entry";

/** What was done in the organization, and what was refused; newest first. */
export async function listAuditEntries(
  authorized: Authorized<"audit:read", "organization">,
  input: ListAudit,
): Promise<{ items: AuditEntry[]; nextCursor: string | null }> {
  return readAs(authorized, async (tx) => {
    const rows = await tx
      .select()
      .from(auditEntries)
      .where(
        and(
          eq(auditEntries.organizationId, authorized.organization.organizationId),
          input.objectId === undefined ? undefined : eq(auditEntries.objectId, input.objectId),
          input.action === undefined ? undefined : eq(auditEntries.action, input.action),
          input.outcome === undefined ? undefined : eq(auditEntries.outcome, input.outcome),
          input.cursor === undefined ? undefined : lt(auditEntries.auditId, input.cursor),
        ),
      )
      .orderBy(desc(auditEntries.auditId))
      .limit(input.limit + 1);
    return pageOfRows(rows, input, (row) => row.auditId, presentAuditEntry);
  });
}
