import { projects } from "../../../drizzle/projects";
import type { CreateProject, Project } from "../../contracts/projects";
import { newId } from "../../core/ids";
import type { Authorized } from "../../persistence/authorized";
import { unitOfWork } from "../../persistence/unit-of-work";
import { freeSlug, orSlugTaken } from "../free-slug";
import { presentProject } from "./present-project";

/** Makes a project, in which environments and their applications stand together. */
export async function createProject(
  authorized: Authorized<"project:create", "organization">,
  { name }: CreateProject,
): Promise<Project> {
  const { random } = authorized.request.runtime;
  return unitOfWork(
    authorized,
    async (work) => {
      const row = {
        projectId: newId("project"),
        organizationId: work.organizationId,
        name,
        slug: await freeSlug(work.tx, projects, work.organizationId, name, random),
        createdAt: work.now,
      };
      await work.tx.insert(projects).values(row).catch(orSlugTaken);
      work.audit("projects.create", { kind: "project", id: row.projectId, name }, { name });
      return presentProject(row, work.sync);
    },
    { lock: "share" },
  );
}
