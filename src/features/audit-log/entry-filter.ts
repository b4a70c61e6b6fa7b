import { and, eq, gte, lt, type SQL } from "drizzle-orm";
import { auditEntries } from "../../../drizzle/audit";
import { readMoment } from "../../platform/moment";
import type { AuditFilter } from "./contract";

/** The entries of one log that a filter asks for. */
export function entryFilter(organizationId: string, filter: AuditFilter): SQL | undefined {
  const { actorId, action, objectId, outcome, from, to } = filter;
  return and(
    eq(auditEntries.organizationId, organizationId),
    actorId === undefined ? undefined : eq(auditEntries.actorId, actorId),
    action === undefined ? undefined : eq(auditEntries.action, action),
    objectId === undefined ? undefined : eq(auditEntries.objectId, objectId),
    outcome === undefined ? undefined : eq(auditEntries.outcome, outcome),
    from === undefined ? undefined : gte(auditEntries.createdAt, readMoment(from)),
    to === undefined ? undefined : lt(auditEntries.createdAt, readMoment(to)),
  );
}
