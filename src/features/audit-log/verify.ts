import { checkpointText } from "#src/audit/statement-text";
import { operation } from "#src/operations/operation";
import { caller } from "#src/operations/subject";
import { Refusal } from "#src/platform/errors/refusal";
import { AuditVerdict, VerifyAudit } from "./contract";
import { auditLogOf, type LogReader } from "./rows";
import { verifyLog } from "./verify-log";

/**
 * Verifies that no entry of the log was changed, moved or removed. With a checkpoint that was stored elsewhere, it also
 * verifies that the end was not cut off. Returns the first position that is broken.
 * @throws Refusal `checkpoint_not_ours` this installation did not sign it, or not for this log
 */
export async function verifyAudit(authorized: LogReader, { checkpoint }: VerifyAudit): Promise<AuditVerdict> {
  const log = auditLogOf(authorized);
  if (checkpoint) {
    const isOurs = log.signer.verify("checkpoint", checkpointText(checkpoint), checkpoint.signature);
    if (!isOurs || checkpoint.organizationId !== log.organizationId) {
      throw new Refusal("checkpoint_not_ours");
    }
  }
  return verifyLog(log, checkpoint ?? null);
}

export const verify = operation(
  {
    name: "audit.verify",
    summary: "Verify the chain of the organization's audit log",
    permission: "audit:read",
    on: caller,
    input: VerifyAudit,
    output: AuditVerdict,
    errors: ["checkpoint_not_ours"],
    rest: { method: "POST", path: "/audit/verify" },
    type: "query",
  },
  verifyAudit,
);

export const verifyOfInstallation = operation(
  {
    name: "audit.installation.verify",
    summary: "Verify the chain of the installation's audit log",
    permission: "installation-audit:read",
    on: caller,
    input: VerifyAudit,
    output: AuditVerdict,
    errors: ["checkpoint_not_ours"],
    rest: { method: "POST", path: "/installation/audit/verify" },
    type: "query",
  },
  verifyAudit,
);
