import { and, eq, gte, lt, or, type SQL, sql } from "drizzle-orm";
import { auditEntries } from "#drizzle/audit";
import { routes } from "#drizzle/routes";
import { security } from "#drizzle/security";
import type { Authorized } from "#src/access/authorized";
import type { Organization } from "#src/access/organization";
import { contains } from "#src/database/conditions-in-sql";
import type { Transaction } from "#src/database/database";
import type { Signer } from "#src/database/signing";
import { readMoment } from "#src/platform/moment";
import type { AuditEntry, AuditFilter } from "./contract";

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

/** The entries of one log that match a filter. */
export function entryFilter(organizationId: string, filter: AuditFilter): SQL | undefined {
  const { actorId, actorKind, action, objectId, objectKind, applicationId, text, outcome, from, to } = filter;
  return and(
    eq(auditEntries.organizationId, organizationId),
    actorId === undefined ? undefined : eq(auditEntries.actorId, actorId),
    action === undefined ? undefined : eq(auditEntries.action, action),
    objectId === undefined ? undefined : eq(auditEntries.objectId, objectId),
    applicationId === undefined ? undefined : isOfApplication(applicationId),
    objectKind === undefined ? undefined : eq(auditEntries.objectKind, objectKind),
    actorKind === undefined ? undefined : eq(auditEntries.actorKind, actorKind),
    text === undefined ? undefined : mentions(text),
    outcome === undefined ? undefined : eq(auditEntries.outcome, outcome),
    from === undefined ? undefined : gte(auditEntries.createdAt, readMoment(from)),
    to === undefined ? undefined : lt(auditEntries.createdAt, readMoment(to)),
  );
}

/** Row-level security limits the subqueries to the organization of the reader. */
function isOfApplication(applicationId: string): SQL | undefined {
  return sql`${auditEntries.objectId} in (select ${applicationId}::text
    union all select ${security.securityId} from ${security} where ${security.applicationId} = ${applicationId}
    union all select ${routes.routeId} from ${routes} where ${routes.applicationId} = ${applicationId})`;
}

function mentions(text: string): SQL | undefined {
  const { action, reason, actorName, objectName } = auditEntries;
  return or(...[action, reason, actorName, objectName].map((column) => contains(column, text)));
}

/** The context in which a log is read: an organization's, or the installation's own. */
export type LogReader = Authorized<"audit:read", Organization> | Authorized<"installation-audit:read", Organization>;

/** One log, with the context of its reader. */
export interface AuditLog {
  /** The owner of the entries: an organization's id, or the installation's. */
  readonly organizationId: string;
  readonly signer: Signer;
  /** The clock that decides whether an entry should have been sealed; without it, the database's clock. */
  readonly now?: Date;
  /** Runs queries in a transaction that sees this log. */
  read<T>(body: (tx: Transaction) => Promise<T>): Promise<T>;
}

/** The log that the caller may read. The permission decides which one it is. */
export function auditLogOf({ permission, request, organization }: LogReader): AuditLog {
  const { database, signer, installationId, clock } = request.runtime;
  return {
    organizationId: permission === "installation-audit:read" ? installationId : organization.organizationId,
    signer,
    now: clock.now(),
    read: (body) => database.transaction("tenant", organization.organizationId, body),
  };
}
