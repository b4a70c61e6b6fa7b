import { eq } from "drizzle-orm";
import { applications } from "#drizzle/applications";
import { environments } from "#drizzle/projects";
import { atProject, isAllowed } from "#src/access/authorization";
import { unitOfWork, type Work } from "#src/access/unit-of-work";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { Application, MoveApplication } from "./contract";
import { application, type LocatedApplication } from "./resource";
import { presentWritten } from "./rows";

/**
 * Moves an application to another environment of the organization, with its credentials and routes. Its gateway stays,
 * so visitors notice nothing. Within its project, the caller needs to be able to change and create applications there;
 * for another project, the role at the organization has to allow it.
 * @throws Refusal `not_found` | `forbidden` for the environment
 */
export const move = operation(
  {
    name: "applications.move",
    summary: "Move an application to another environment",
    permission: "application:update",
    on: application,
    input: MoveApplication,
    output: Application,
    errors: [],
    rest: { method: "POST", path: "/applications/{applicationId}/move" },
  },
  async (authorized, { environmentId }) => {
    return unitOfWork(authorized, async (work) => {
      const { applicationId, environmentId: before } = work.authorized.object;
      const projectId = await requireTarget(work, environmentId);
      const [row] = await work.tx
        .update(applications)
        .set({ environmentId, ...(before === environmentId ? {} : { changedAt: work.now }) })
        .where(eq(applications.applicationId, applicationId))
        .returning();
      if (!row) throw new Refusal("not_found", authorized.named);
      if (before !== environmentId) {
        work.audit({ kind: "application", id: applicationId }, { environmentId: [before, environmentId] });
      }
      return presentWritten(work.tx, { ...row, projectId }, work.now, work.sync);
    });
  },
);

/** Keeps the target from being deleted, and checks that the caller may create applications there. */
async function requireTarget(
  { tx, authorized }: Work<"application:update", LocatedApplication>,
  environmentId: string,
): Promise<string> {
  const { principal, organization, object } = authorized;
  const [target] = await tx
    .select({ projectId: environments.projectId })
    .from(environments)
    .where(eq(environments.environmentId, environmentId))
    .for("key share");
  const at = target?.projectId === object.projectId ? principal : atProject(principal, null);
  if (!target || !isAllowed(at, organization, "environment:read", target.projectId)) {
    throw new Refusal("not_found", { kind: "environment", id: environmentId });
  }
  if (!isAllowed(at, organization, "application:create", target.projectId)) {
    throw new Refusal("forbidden", { permission: "application:create" });
  }
  return target.projectId;
}
