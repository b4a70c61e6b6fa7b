import { sql } from "drizzle-orm";
import { auditCheckpoints, auditEntries } from "#drizzle/audit";
import { checkpointText } from "#src/audit/statement-text";
import { type Database, rowsOf } from "#src/database/database";
import type { Signer } from "#src/database/signing";
import type { AuditVerdict } from "#src/features/audit-log/contract";
import type { AuditLog } from "#src/features/audit-log/rows";
import { verifyLog } from "#src/features/audit-log/verify-log";
import { Refusal } from "#src/platform/errors/refusal";
import type { AuditVerdicts, VerifyAuditLogs } from "./contract";

export interface VerifyRuntime {
  readonly database: Database;
  /** Loaded on demand: most commands need no secret. */
  readonly signer: () => Promise<Signer>;
}

/**
 * Verifies that no entry was changed, moved or removed, in one log or in all logs, including those of deleted
 * organizations and of the installation.
 * @throws Refusal `checkpoint_not_ours`
 */
export async function verifyAuditLogs(
  { database, signer: readSigner }: VerifyRuntime,
  { organization, checkpoint }: VerifyAuditLogs,
): Promise<AuditVerdicts> {
  const signer = await readSigner();
  const logOf = (organizationId: string): AuditLog => ({
    organizationId,
    signer,
    read: (body) => database.transaction("host", null, body),
  });
  if (checkpoint) {
    const { organizationId, signature } = checkpoint;
    const isOurs = signer.verify("checkpoint", checkpointText(checkpoint), signature);
    if (!isOurs || (organization !== undefined && organization !== organizationId)) {
      throw new Refusal("checkpoint_not_ours");
    }
    return { logs: [await verifyLog(logOf(organizationId), checkpoint)] };
  }
  if (organization !== undefined) return { logs: [await verifyLog(logOf(organization), null)] };
  const logs: AuditVerdict[] = [];
  let next = await nextLog(database, "");
  while (next !== null) {
    logs.push(await verifyLog(logOf(next), null));
    next = await nextLog(database, next);
  }
  return { logs };
}

/** Returns the next log that has entries or a signed statement, so that the verification detects an emptied log. */
async function nextLog(database: Database, after: string): Promise<string | null> {
  const firstOf = (table: typeof auditEntries | typeof auditCheckpoints) =>
    sql`(select min(organization_id) from ${table} where organization_id > ${after}::text)`;
  const found = await database.transaction("host", null, (tx) =>
    tx.execute(sql`select least(${firstOf(auditEntries)}, ${firstOf(auditCheckpoints)}) as next`),
  );
  return rowsOf<{ next: string | null }>(found)[0]?.next ?? null;
}
