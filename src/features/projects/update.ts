import { eq } from "drizzle-orm";
import { projects } from "#drizzle/projects";
import { unitOfWork } from "#src/access/unit-of-work";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { Project, UpdateProject } from "./contract";
import { project } from "./resource";
import { presentProject } from "./rows";

/** Renames a project; its slug stays. */
export const update = operation(
  {
    name: "projects.update",
    summary: "Rename a project",
    permission: "project:update",
    on: project,
    input: UpdateProject,
    output: Project,
    errors: [],
    rest: { method: "PATCH", path: "/projects/{projectId}" },
  },
  async (authorized, { name }) => {
    return unitOfWork(authorized, async (work) => {
      const { projectId, name: before } = work.authorized.object;
      const [row] = await work.tx.update(projects).set({ name }).where(eq(projects.projectId, projectId)).returning();
      if (!row) throw new Refusal("not_found", authorized.named);
      work.audit({ kind: "project", id: projectId }, { name: [before, name] });
      return presentProject(row, work.sync);
    });
  },
);
