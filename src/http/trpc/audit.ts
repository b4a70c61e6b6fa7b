import { makeCheckpoint } from "../../features/audit-log/checkpoint";
import {
  AuditCheckpoint,
  AuditEntry,
  AuditEntryById,
  AuditPage,
  AuditVerdict,
  ListAudit,
  MakeCheckpoint,
  VerifyAudit,
} from "../../features/audit-log/contract";
import { listAuditEntries } from "../../features/audit-log/list";
import { getAuditEntry } from "../../features/audit-log/one";
import { verifyAudit } from "../../features/audit-log/verify";
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
  verify: procedure("audit:read", of.caller)
    .input(VerifyAudit)
    .output(AuditVerdict)
    .query(({ ctx, input }) => verifyAudit(ctx.authorized, input)),
  checkpoint: procedure("audit:read", of.caller)
    .input(MakeCheckpoint)
    .output(AuditCheckpoint)
    .query(({ ctx }) => makeCheckpoint(ctx.authorized)),
  /** The installation's own log, of what belongs to no organization: refused sign-ins, keys that nobody knows. */
  installation: t.router({
    list: procedure("installation-audit:read", of.caller)
      .input(ListAudit)
      .output(AuditPage)
      .query(({ ctx, input }) => listAuditEntries(ctx.authorized, input)),
    verify: procedure("installation-audit:read", of.caller)
      .input(VerifyAudit)
      .output(AuditVerdict)
      .query(({ ctx, input }) => verifyAudit(ctx.authorized, input)),
    checkpoint: procedure("installation-audit:read", of.caller)
      .input(MakeCheckpoint)
      .output(AuditCheckpoint)
      .query(({ ctx }) => makeCheckpoint(ctx.authorized)),
  }),
});
