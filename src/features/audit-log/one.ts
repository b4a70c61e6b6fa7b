import { eq } from "drizzle-orm";
import { auditEntries } from "#drizzle/audit";
import { readAs } from "#src/access/read-as";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { AuditEntry, AuditEntryById } from "./contract";
import { auditEntry } from "./resource";
import { presentAuditEntry } from "./rows";

/** One audit entry. */
export const one = operation(
  {
    name: "audit.one",
    summary: "Get an entry of the audit log",
    permission: "audit:read",
    on: auditEntry,
    input: AuditEntryById,
    output: AuditEntry,
    errors: [],
    rest: { method: "GET", path: "/audit/entries/{auditId}" },
  },
  async (authorized) => {
    return readAs(authorized, async (tx) => {
      const [row] = await tx.select().from(auditEntries).where(eq(auditEntries.auditId, authorized.object.auditId));
      if (!row) throw new Refusal("not_found", authorized.named);
      return presentAuditEntry(row);
    });
  },
);
