import { and, asc, eq, inArray } from "drizzle-orm";
import { applications } from "#drizzle/applications";
import { unitOfWork } from "#src/access/unit-of-work";
import { operation } from "#src/operations/operation";
import { caller } from "#src/operations/subject";
import { UpdateApplications, UpdatedApplications } from "./contract";

/**
 * Sets the access of several applications to `protected`, in one transaction and one delivery, with an answer for each.
 * It needs the permission at the organization, and it never opens an application.
 */
export const updateMany = operation(
  {
    name: "applications.updateMany",
    summary: "Protect several applications in one delivery, with an answer for each",
    permission: "application:update",
    on: caller,
    input: UpdateApplications,
    output: UpdatedApplications,
    errors: [],
    rest: { method: "POST", path: "/applications/batch" },
  },
  async (authorized, { applicationIds, access }) => {
    return unitOfWork(
      authorized,
      async (work) => {
        // In the order of their ids, like every operation that locks several.
        const found = await work.tx
          .select()
          .from(applications)
          .where(
            and(
              eq(applications.organizationId, work.organizationId),
              inArray(applications.applicationId, [...applicationIds]),
            ),
          )
          .orderBy(asc(applications.applicationId))
          .for("no key update");
        const changed = found.filter((application) => application.access !== access);
        const ids = changed.map(({ applicationId }) => applicationId);
        if (ids.length > 0) {
          await work.tx.update(applications).set({ access }).where(inArray(applications.applicationId, ids));
        }
        for (const { applicationId, gatewayId, name, access: before } of changed) {
          const object = { kind: "application", id: applicationId, name };
          work.auditAs("applications.update", object, { access: [before, access] });
          work.deliver({ gatewayId, applicationId, closes: true });
        }
        const known = new Set(found.map(({ applicationId }) => applicationId));
        const items = [...new Set(applicationIds)].map((applicationId) => {
          if (!known.has(applicationId)) return { applicationId, outcome: "not_found" as const };
          return {
            applicationId,
            outcome: ids.includes(applicationId) ? ("updated" as const) : ("unchanged" as const),
          };
        });
        const { changeId, state } = work.sync;
        return { items, sync: { changeId, state } };
      },
      { lock: "share" },
    );
  },
);
