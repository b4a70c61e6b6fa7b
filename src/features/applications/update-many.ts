import { and, asc, eq, inArray } from "drizzle-orm";
import { applications } from "#drizzle/applications";
import { lockOrganization } from "#src/access/lock-organization";
import { unitOfWork } from "#src/access/unit-of-work";
import { operation } from "#src/operations/operation";
import { caller } from "#src/operations/subject";
import { UpdateApplications, UpdatedApplications } from "./contract";
import { openedByAccess, opensNothing, requireConfirmed } from "./rules";

/**
 * Sets the access of several applications, in one transaction and one delivery, with an answer for each. It needs the
 * permission at the organization. Making applications public needs the digest of `applications.previewMany`.
 * @throws Refusal `confirmation_required` | `preview_changed`
 */
export const updateMany = operation(
  {
    name: "applications.updateMany",
    summary: "Set the access of several applications in one delivery, with an answer for each",
    permission: "application:update",
    on: caller,
    input: UpdateApplications,
    output: UpdatedApplications,
    errors: ["confirmation_required", "preview_changed"],
    rest: { method: "POST", path: "/applications/batch" },
  },
  async (authorized, { applicationIds, access, confirm }) => {
    return unitOfWork(
      authorized,
      async (work) => {
        const { tx, organizationId } = work;
        // In the order of their ids, like every operation that locks several.
        const found = await tx
          .select()
          .from(applications)
          .where(
            and(
              eq(applications.organizationId, organizationId),
              inArray(applications.applicationId, [...applicationIds]),
            ),
          )
          .orderBy(asc(applications.applicationId))
          .for("no key update");
        const { neverPublic } = await lockOrganization(tx, organizationId);
        const opening =
          access === "protected"
            ? opensNothing(organizationId)
            : await openedByAccess(tx, organizationId, applicationIds);
        const opened = new Set(opening.applications.map(({ applicationId }) => applicationId));
        requireConfirmed(neverPublic ? opensNothing(organizationId) : opening, confirm);

        const changed = found.filter(
          ({ applicationId, access: before }) => before !== access && !(neverPublic && opened.has(applicationId)),
        );
        const ids = changed.map(({ applicationId }) => applicationId);
        const opens = ids.filter((id) => opened.has(id));
        if (ids.length > 0) {
          await tx.update(applications).set({ access }).where(inArray(applications.applicationId, ids));
        }
        if (opens.length > 0) {
          await tx.update(applications).set({ openedBy: "access" }).where(inArray(applications.applicationId, opens));
        }
        for (const { applicationId, gatewayId, name, access: before, closedAt } of changed) {
          const object = { kind: "application", id: applicationId, name };
          const becamePublic = opened.has(applicationId) && closedAt === null;
          work.auditAs(becamePublic ? "applications.update.opened" : "applications.update", object, {
            access: [before, access],
          });
          work.deliver({ gatewayId, applicationId, closes: access === "protected" });
        }

        const known = new Set(found.map(({ applicationId }) => applicationId));
        const outcomeOf = (id: string) => {
          if (!known.has(id)) return "not_found";
          if (ids.includes(id)) return "updated";
          return opened.has(id) ? "never_public" : "unchanged";
        };
        const items = [...new Set(applicationIds)].map((applicationId) => {
          return { applicationId, outcome: outcomeOf(applicationId) } as const;
        });
        const { changeId, state } = work.sync;
        return { items, sync: { changeId, state } };
      },
      { lock: "share" },
    );
  },
);
