import { AuditEntry, AuditEntryById, AuditPage, ListAudit } from "../../contracts/audit";
import { getAuditEntry } from "../../services/audit/get-audit-entry";
import { listAuditEntries } from "../../services/audit/list-audit-entries";
import { t } from "./init";
import { of } from "./of";
import { procedure } from "./procedure";

export const audit = t.router({
  one: procedure("audit:read", of.auditEntry)
    .input(AuditEntryById)
    .output(AuditEntry)
    .query(({ ctx }) => getAuditEntry(ctx.authorized)),
  list: procedure("audit:read", of.caller)
    .input(ListAudit)
    .output(AuditPage)
    .query(({ ctx, input }) => listAuditEntries(ctx.authorized, input)),
});
