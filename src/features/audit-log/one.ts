import { eq } from "drizzle-orm";
import { auditEntries } from "../../../drizzle/audit";
import type { Authorized } from "../../access/authorized";
import { readAs } from "../../access/read-as";
import { NotFound } from "../../platform/errors";
import type { AuditEntry } from "./contract";
import { presentAuditEntry } from "./present-audit-entry";

/** One audit entry. */
export async function getAuditEntry(authorized: Authorized<"audit:read", "auditEntry">): Promise<AuditEntry> {
  return readAs(authorized, async (tx) => {
    const [row] = await tx.select().from(auditEntries).where(eq(auditEntries.auditId, authorized.object.auditId));
    if (!row) throw new NotFound();
    return presentAuditEntry(row);
  });
}
