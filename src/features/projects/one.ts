import { eq } from "drizzle-orm";
import { projects } from "#drizzle/projects";
import { readAs } from "#src/access/read-as";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { Project, ProjectById } from "./contract";
import { project } from "./resource";
import { presentProject } from "./rows";

/** One project. */
export const one = operation(
  {
    name: "projects.one",
    summary: "Get a project",
    permission: "project:read",
    on: project,
    input: ProjectById,
    output: Project,
    errors: [],
    rest: { method: "GET", path: "/projects/{projectId}" },
  },
  async (authorized) => {
    return readAs(authorized, async (tx) => {
      const [row] = await tx.select().from(projects).where(eq(projects.projectId, authorized.object.projectId));
      if (!row) throw new Refusal("not_found", authorized.named);
      return presentProject(row);
    });
  },
);
