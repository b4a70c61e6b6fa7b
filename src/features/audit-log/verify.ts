import { checkpointText } from "../../audit/statement-text";
import { Invalid } from "../../platform/errors";
import { auditLogOf, type LogReader } from "./audit-log";
import type { AuditVerdict, VerifyAudit } from "./contract";
import { verifyLog } from "./verify-log";

/**
 * Whether nobody has changed, moved or taken out an entry of the log, and with a checkpoint that was kept elsewhere,
 * whether nobody has cut off its end. Names the first place that is not what it was.
 * @throws Invalid `checkpoint_not_ours` this installation did not sign it, or not for this log
 */
export async function verifyAudit(authorized: LogReader, { checkpoint }: VerifyAudit): Promise<AuditVerdict> {
  const log = auditLogOf(authorized);
  if (checkpoint) {
    const isOurs = log.signer.verify("checkpoint", checkpointText(checkpoint), checkpoint.signature);
    if (!isOurs || checkpoint.organizationId !== log.organizationId) {
      throw new Invalid("checkpoint_not_ours", "This installation has not signed this checkpoint for this log.", {
        checkpoint: "not_ours",
      });
    }
  }
  return verifyLog(log, checkpoint ?? null);
}
