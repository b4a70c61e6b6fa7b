import { projects } from "#drizzle/projects";
import { freeSlug, orSlugTaken } from "#src/access/free-slug";
import { unitOfWork } from "#src/access/unit-of-work";
import { operation } from "#src/operations/operation";
import { caller } from "#src/operations/subject";
import { newId } from "#src/platform/ids";
import { CreateProject, Project } from "./contract";
import { presentProject } from "./rows";

/** Creates a project, which groups environments and their applications. */
export const create = operation(
  {
    name: "projects.create",
    summary: "Create a project",
    permission: "project:create",
    on: caller,
    input: CreateProject,
    output: Project,
    errors: [],
    rest: { method: "POST", path: "/projects", status: 201 },
  },
  async (authorized, { name }) => {
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
        work.audit({ kind: "project", id: row.projectId, name }, { name });
        return presentProject(row, work.sync);
      },
      { lock: "share" },
    );
  },
);
