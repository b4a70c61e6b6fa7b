import { unitOfWork } from "#src/access/unit-of-work";
import { operation } from "#src/operations/operation";
import { caller } from "#src/operations/subject";
import { CreateProject, Project } from "./contract";
import { insertProject, presentProject } from "./rows";

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
  async (authorized, { name }) =>
    unitOfWork(authorized, async (work) => presentProject(await insertProject(work, name), work.sync), {
      lock: "share",
    }),
);
