import type { auditEntries } from "../../../drizzle/audit";
import type { AuditEntry } from "./contract";

/** The public form of an audit entry. */
export function presentAuditEntry(row: typeof auditEntries.$inferSelect): AuditEntry {
  return {
    auditId: row.auditId,
    at: row.createdAt.toISOString(),
    actor: {
      kind: row.actorKind,
      id: row.actorId,
      name: row.actorName,
      apiKeyId: row.apiKeyId,
      sessionId: row.sessionId,
      authenticatedBy: row.authenticatedBy,
    },
    requestId: row.requestId,
    ip: row.ip,
    action: row.action,
    outcome: row.outcome,
    reason: row.reason,
    object: { kind: row.objectKind, id: row.objectId, name: row.objectName },
    count: row.count,
    changed: row.changed,
    sequence: row.sequence,
    hash: row.hash,
  };
}
