import { eq } from "drizzle-orm";
import { applications } from "../../../drizzle/applications";
import { organizations } from "../../../drizzle/organizations";
import { projects } from "../../../drizzle/projects";
import type { Organization } from "../../contracts/organizations";
import { Conflict, NotFound } from "../../core/errors";
import { later } from "../../core/moment";
import type { Authorized } from "../../persistence/authorized";
import { endClaims } from "../../persistence/claims";
import { unitOfWork } from "../../persistence/unit-of-work";
import { presentOrganization } from "./present-organization";

/** How long the claims of an organization outlive it, in ms. */
const claimsOutliveMs = 30 * 24 * 3_600_000;

/**
 * Deletes an organization that has no applications, with its keys and members: the caller's key is the last that works.
 * Its hosts stay claimed and denied for 30 days more.
 * @throws Conflict `not_empty` | `founding` the installation is managed through it
 */
export async function deleteOrganization(
  authorized: Authorized<"organization:delete", "organization">,
): Promise<Organization> {
  return unitOfWork(authorized, async (work) => {
    const { organizationId, founding } = work.authorized.object;
    if (founding) throw new Conflict("founding", "The installation is managed through this organization.");
    // Locked against applications that are made beside this.
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
    if (application) throw new Conflict("not_empty", "Delete the organization's applications first.");
    await endClaims(work.tx, later(work.now, claimsOutliveMs));
    await work.tx.delete(projects).where(eq(projects.organizationId, organizationId));
    const [row] = await work.tx
      .delete(organizations)
      .where(eq(organizations.organizationId, organizationId))
      .returning();
    if (!row) throw new NotFound();
    work.audit("organizations.delete", { kind: "organization", id: organizationId }, { name: row.name });
    return presentOrganization(row, work.sync);
  });
}
