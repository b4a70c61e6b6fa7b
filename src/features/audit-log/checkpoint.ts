import { and, desc, eq, isNotNull } from "drizzle-orm";
import { auditEntries } from "#drizzle/audit";
import { checkpointText } from "#src/audit/statement-text";
import { operation } from "#src/operations/operation";
import { caller } from "#src/operations/subject";
import { AuditCheckpoint, MakeCheckpoint } from "./contract";
import { auditLogOf, type LogReader } from "./rows";

/**
 * A signed statement of how far the log is sealed now. If it is stored elsewhere, it shows later whether the log's end
 * was cut off.
 */
export async function makeCheckpoint(authorized: LogReader): Promise<AuditCheckpoint> {
  const { organizationId, signer, read } = auditLogOf(authorized);
  const [last] = await read((tx) =>
    tx
      .select({ sequence: auditEntries.sequence, hash: auditEntries.hash })
      .from(auditEntries)
      .where(and(eq(auditEntries.organizationId, organizationId), isNotNull(auditEntries.sequence)))
      .orderBy(desc(auditEntries.sequence))
      .limit(1),
  );
  const at = authorized.request.runtime.clock.now().toISOString();
  const statement = { organizationId, sequence: last?.sequence ?? 0, hash: last?.hash ?? "", at };
  return { ...statement, signature: signer.sign("checkpoint", checkpointText(statement)) };
}

export const checkpoint = operation(
  {
    name: "audit.checkpoint",
    summary: "Get a signed checkpoint of the organization's audit log",
    permission: "audit:read",
    on: caller,
    input: MakeCheckpoint,
    output: AuditCheckpoint,
    errors: [],
    rest: { method: "GET", path: "/audit/checkpoint" },
  },
  makeCheckpoint,
);

export const checkpointOfInstallation = operation(
  {
    name: "audit.installation.checkpoint",
    summary: "Get a signed checkpoint of the installation's audit log",
    permission: "installation-audit:read",
    on: caller,
    input: MakeCheckpoint,
    output: AuditCheckpoint,
    errors: [],
    rest: { method: "GET", path: "/installation/audit/checkpoint" },
  },
  makeCheckpoint,
);
