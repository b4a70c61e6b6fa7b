import { eq, inArray, sql } from "drizzle-orm";
import { applications } from "#drizzle/applications";
import { environments, projects } from "#drizzle/projects";
import { unitOfWork } from "#src/access/unit-of-work";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { removeApplications } from "../applications/rows";
import { Project, ProjectById } from "./contract";
import { project } from "./resource";
import { presentProject } from "./rows";

/**
 * Deletes a project with all environments and applications in it, and returns its last state. Their hosts stay denied.
 */
export const remove = operation(
  {
    name: "projects.delete",
    summary: "Delete a project with its environments and applications; their hosts stay claimed and closed",
    permission: "project:delete",
    on: project,
    input: ProjectById,
    output: Project,
    errors: [],
    rest: { method: "DELETE", path: "/projects/{projectId}", status: 204 },
  },
  async (authorized) => {
    return unitOfWork(authorized, async (work) => {
      const { projectId } = work.authorized.object;
      // The lock waits for concurrent creations, which lock the project or an environment of it by their foreign keys.
      await work.tx
        .select({ projectId: projects.projectId })
        .from(projects)
        .where(eq(projects.projectId, projectId))
        .for("update");
      const inside = await work.tx
        .select({ environmentId: environments.environmentId })
        .from(environments)
        .where(eq(environments.projectId, projectId))
        .orderBy(environments.environmentId)
        .for("update");
      const ids = inside.map(({ environmentId }) => environmentId);
      const removed = await removeApplications(
        work,
        ids.length > 0 ? inArray(applications.environmentId, ids) : sql`false`,
      );
      const [row] = await work.tx.delete(projects).where(eq(projects.projectId, projectId)).returning();
      if (!row) throw new Refusal("not_found", authorized.named);
      work.audit({ kind: "project", id: projectId }, { name: row.name, applications: removed.length });
      return presentProject(row, work.sync);
    });
  },
);
