import { and, inArray, isNotNull } from "drizzle-orm";
import { applications, auditEntries, changes } from "#drizzle/schema";
import { asSync } from "#src/database/as-sync";
import type { Database } from "#src/database/database";
import { newId } from "#src/platform/ids";

/**
 * Revokes the opening of these applications, writes the audit entries, and requests their delivery, in one transaction.
 * @returns the ids of the applications that were open at that time
 */
export function closeAfterRestore(
  database: Database,
  gatewayId: string,
  reopened: readonly { readonly applicationId: string }[],
  now: Date,
): Promise<string[]> {
  if (reopened.length === 0) return Promise.resolve([]);
  return asSync(database, async (tx) => {
    const ids = reopened.map(({ applicationId }) => applicationId);
    const closed = await tx
      .update(applications)
      .set({ openedBy: null })
      .where(and(inArray(applications.applicationId, ids), isNotNull(applications.openedBy)))
      .returning({ applicationId: applications.applicationId, organizationId: applications.organizationId });
    if (closed.length === 0) return [];
    const requestId = newId("request");
    await tx.insert(auditEntries).values(
      closed.map(({ applicationId, organizationId }) => ({
        auditId: newId("audit"),
        organizationId,
        actorKind: "system" as const,
        requestId,
        action: "applications.update.closed_by_restore",
        outcome: "done" as const,
        objectKind: "application",
        objectId: applicationId,
        changed: { openedBy: null },
        createdAt: now,
      })),
    );
    const changeId = newId("change");
    await tx
      .insert(changes)
      .values(closed.map((application) => ({ ...application, changeId, gatewayId, closes: true, createdAt: now })));
    return closed.map(({ applicationId }) => applicationId).sort();
  });
}
