import { eq } from "drizzle-orm";
import { projects } from "../../../drizzle/projects";
import type { Authorized } from "../../access/authorized";
import { unitOfWork } from "../../access/unit-of-work";
import { NotFound } from "../../platform/errors";
import type { Project, UpdateProject } from "./contract";
import { presentProject } from "./present-project";

/** Renames a project; its slug stays. */
export async function updateProject(
  authorized: Authorized<"project:update", "project">,
  { name }: UpdateProject,
): Promise<Project> {
  return unitOfWork(authorized, async (work) => {
    const { projectId, name: before } = work.authorized.object;
    const [row] = await work.tx.update(projects).set({ name }).where(eq(projects.projectId, projectId)).returning();
    if (!row) throw new NotFound();
    work.audit("projects.update", { kind: "project", id: projectId }, { name: [before, name] });
    return presentProject(row, work.sync);
  });
}
