import { projects } from "../../../drizzle/projects";
import type { Authorized } from "../../access/authorized";
import { freeSlug, orSlugTaken } from "../../access/free-slug";
import { unitOfWork } from "../../access/unit-of-work";
import { newId } from "../../platform/ids";
import type { CreateProject, Project } from "./contract";
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
