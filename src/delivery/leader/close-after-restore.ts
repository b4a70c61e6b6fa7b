import { and, inArray, isNotNull, isNull } from "drizzle-orm";
import { applications, auditEntries, changes } from "#drizzle/schema";
import { asSync } from "#src/database/as-sync";
import type { Database } from "#src/database/database";
import { newId } from "#src/platform/ids";

/** What a restore would open, by application id. */
export interface Reopened {
  /** Public in the database, and not in the folder. */
  readonly toEveryone: readonly string[];
  /** Open for visitors with a credential in the database, and closed in the folder. */
  readonly toVisitors: readonly string[];
}

/** The reason that responses show for an application that a restore closed. */
const closedReason =
  "The database was restored from an older copy in which this application was open. It was closed when the restore happened.";

/**
 * Revokes the opening of the applications that would be public, closes the others as by hand, writes the audit entries,
 * and requests their delivery, in one transaction.
 * @returns the ids of the applications that were open at that time
 */
export function closeAfterRestore(
  database: Database,
  gatewayId: string,
  { toEveryone, toVisitors }: Reopened,
  now: Date,
): Promise<string[]> {
  if (toEveryone.length + toVisitors.length === 0) return Promise.resolve([]);
  return asSync(database, async (tx) => {
    const ids = { applicationId: applications.applicationId, organizationId: applications.organizationId };
    const unopened = await tx
      .update(applications)
      .set({ openedBy: null })
      .where(and(inArray(applications.applicationId, [...toEveryone]), isNotNull(applications.openedBy)))
      .returning(ids);
    const closed = await tx
      .update(applications)
      .set({ openedBy: null, closedAt: now, closedReason, closedByKind: "system" })
      .where(and(inArray(applications.applicationId, [...toVisitors]), isNull(applications.closedAt)))
      .returning(ids);
    const all = [
      ...unopened.map((application) => ({ application, changed: { openedBy: null } })),
      ...closed.map((application) => ({ application, changed: { closed: closedReason } })),
    ];
    if (all.length === 0) return [];
    const requestId = newId("request");
    await tx.insert(auditEntries).values(
      all.map(({ application: { applicationId, organizationId }, changed }) => ({
        auditId: newId("audit"),
        organizationId,
        actorKind: "system" as const,
        requestId,
        action: "applications.update.closed_by_restore",
        outcome: "done" as const,
        objectKind: "application",
        objectId: applicationId,
        changed,
        createdAt: now,
      })),
    );
    const changeId = newId("change");
    await tx
      .insert(changes)
      .values(all.map(({ application }) => ({ ...application, changeId, gatewayId, closes: true, createdAt: now })));
    return all.map(({ application: { applicationId } }) => applicationId).sort();
  });
}
