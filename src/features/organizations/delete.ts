import { eq } from "drizzle-orm";
import { applications } from "#drizzle/applications";
import { organizations } from "#drizzle/organizations";
import { environments, projects } from "#drizzle/projects";
import { type Organization as LocatedOrganization, organization } from "#src/access/organization";
import { unitOfWork, type Work } from "#src/access/unit-of-work";
import type { Transaction } from "#src/database/database";
import { operation } from "#src/operations/operation";
import { orCaller } from "#src/operations/subject";
import { Refusal } from "#src/platform/errors/refusal";
import { later } from "#src/platform/moment";
import { endClaims } from "../claims/rows";
import { Organization, OrganizationById } from "./contract";
import { presentOrganization } from "./rows";

/** How long the claims of an organization remain after its deletion, in ms. */
const claimsOutliveMs = 30 * 24 * 3_600_000;

/**
 * Deletes an organization without applications, together with its keys and members, including the caller's key. Its
 * hosts stay claimed and denied for 30 days.
 * @throws Refusal `not_empty` | `root_organization` the installation is managed through it
 */
export const remove = operation(
  {
    name: "organizations.delete",
    summary: "Delete an organization that has no applications, with its projects, members and keys",
    permission: "organization:delete",
    on: orCaller(organization),
    input: OrganizationById,
    output: Organization,
    errors: ["not_empty", "root_organization"],
    rest: { method: "DELETE", path: "/organization", status: 204 },
  },
  async (authorized) => {
    const deletion = async (work: Work<"organization:delete", LocatedOrganization>): Promise<Organization> => {
      const { organizationId, root } = work.authorized.object;
      if (root) throw new Refusal("root_organization");
      await lockProjectsAndEnvironments(work.tx, organizationId);
      // The caller's permission can have changed while this transaction waited.
      const locked = await work.authorized.again(work.tx, "update");
      work.requireVersion(locked.object.version);
      // The lock waits for concurrent creations of applications.
      await work.tx
        .select({ organizationId: organizations.organizationId })
        .from(organizations)
        .where(eq(organizations.organizationId, organizationId))
        .for("update");
      const [application] = await work.tx
        .select({ applicationId: applications.applicationId })
        .from(applications)
        .where(eq(applications.organizationId, organizationId))
        .limit(1);
      if (application) throw new Refusal("not_empty", { kind: "organization", name: work.authorized.object.name });
      await endClaims(work.tx, later(work.now, claimsOutliveMs));
      await work.tx.delete(projects).where(eq(projects.organizationId, organizationId));
      const [row] = await work.tx
        .delete(organizations)
        .where(eq(organizations.organizationId, organizationId))
        .returning();
      if (!row) throw new Refusal("not_found", authorized.named);
      work.audit({ kind: "organization", id: organizationId }, { name: row.name });
      return presentOrganization(row, work.sync);
    };
    return unitOfWork(authorized, deletion, { lock: "share" });
  },
);

/**
 * A creation below a project or an environment locks that first, and the organization after it. This function uses the
 * same order, because otherwise the two would deadlock until the database aborts one of them.
 */
async function lockProjectsAndEnvironments(tx: Transaction, organizationId: string): Promise<void> {
  await tx
    .select({ projectId: projects.projectId })
    .from(projects)
    .where(eq(projects.organizationId, organizationId))
    .for("update");
  await tx
    .select({ environmentId: environments.environmentId })
    .from(environments)
    .where(eq(environments.organizationId, organizationId))
    .for("update");
}
