import { and, asc, eq, isNotNull, type SQL } from "drizzle-orm";
import { applications } from "#drizzle/applications";
import { organizations } from "#drizzle/organizations";
import { organization } from "#src/access/organization";
import type { Permission } from "#src/access/permissions";
import { unitOfWork, type Work } from "#src/access/unit-of-work";
import { beforeAndAfter } from "#src/audit/before-and-after";
import { operation } from "#src/operations/operation";
import { orCaller } from "#src/operations/subject";
import { Refusal } from "#src/platform/errors/refusal";
import { openedByLifting, requireConfirmed } from "../applications/rules";
import { UpdatedOrganization, UpdateOrganization } from "./contract";
import { presentOrganization } from "./rows";

/**
 * Changes the organization's settings. Turning `neverPublic` on closes everything that is public at once, and removes
 * the settings that opened it, so that turning it off opens nothing. Turning it off needs the digest of
 * `organizations.preview`.
 * @throws Refusal `confirmation_required` | `preview_changed`
 */
export const update = operation(
  {
    name: "organizations.update",
    summary: "Change the name or rules of an organization",
    permission: "organization:update",
    on: orCaller(organization),
    input: UpdateOrganization,
    output: UpdatedOrganization,
    errors: ["confirmation_required", "preview_changed"],
    rest: { method: "PATCH", path: "/organization" },
  },
  async (authorized, { organizationId: _, confirm, ...given }) => {
    return unitOfWork(
      authorized,
      async (work) => {
        const { organizationId } = work.authorized.object;
        const self = eq(organizations.organizationId, organizationId);
        // Locks applications before their organization, like every other operation; then finds applications that were
        // opened before the lock was granted.
        const closed = given.neverPublic === true ? await closeEmpty(work) : [];
        if (given.neverPublic === false) await lockOpened(work);
        // The state after waiting for a concurrent change of the organization, and not the state before it.
        const [before] = await work.tx.select().from(organizations).where(self).for("no key update");
        if (!before) throw new Refusal("not_found", authorized.named);
        work.requireVersion(before.version);
        if (before.neverPublic && given.neverPublic === false) {
          requireConfirmed(await openedByLifting(work.tx, organizationId), confirm);
        }
        const changes = Object.fromEntries(
          Object.entries(given).filter(([field, value]) => value !== undefined && Reflect.get(before, field) !== value),
        );
        const [row] = await work.tx
          .update(organizations)
          .set({ name: before.name, ...changes })
          .where(self)
          .returning();
        if (!row) throw new Refusal("not_found", authorized.named);
        if (given.neverPublic === true) closed.push(...(await closeEmpty(work)));
        work.audit(
          { kind: "organization", id: organizationId },
          { ...beforeAndAfter(before, changes), ...(closed.length > 0 ? { closed: closed.length } : {}) },
        );
        return { ...presentOrganization(row, work.sync), closed };
      },
      { lock: "share" },
    );
  },
);

/** Closes every application that is public, or would become public by a change of its access. */
async function closeEmpty<P extends Permission, O>(
  work: Work<P, O>,
): Promise<{ applicationId: string; name: string }[]> {
  const opened = await lockOpened(work);
  const closed = await work.tx.update(applications).set({ openedBy: null }).where(opened).returning();
  const wasPublic = closed.filter(
    (application) => application.access === "public-when-empty" && application.closedAt === null,
  );
  for (const { gatewayId, applicationId } of wasPublic) work.deliver({ gatewayId, applicationId, closes: true });
  return wasPublic.map(({ applicationId, name }) => ({ applicationId, name }));
}

/** Locks every application that an act has opened. @returns the condition for them */
async function lockOpened<P extends Permission, O>({ tx, organizationId }: Work<P, O>): Promise<SQL | undefined> {
  const opened = and(eq(applications.organizationId, organizationId), isNotNull(applications.openedBy));
  // In the order of their ids, like every operation that locks several.
  await tx
    .select({ applicationId: applications.applicationId })
    .from(applications)
    .where(opened)
    .orderBy(asc(applications.applicationId))
    .for("no key update");
  return opened;
}
