import { and, desc, inArray, lt } from "drizzle-orm";
import { projects } from "#drizzle/projects";
import { visibleProjects } from "#src/access/authorization";
import { readAs } from "#src/access/read-as";
import { pageOfRows } from "#src/database/page-of-rows";
import { operation } from "#src/operations/operation";
import { callerReach } from "#src/operations/subject";
import { ListProjects, ProjectPage } from "./contract";
import { presentProject } from "./rows";

/** The organization's projects, newest first: all of them, or those at which the caller has the permission to read. */
export const list = operation(
  {
    name: "projects.list",
    summary: "List the projects that the caller can see",
    permission: "project:read",
    on: callerReach,
    input: ListProjects,
    output: ProjectPage,
    errors: [],
    rest: { method: "GET", path: "/projects" },
  },
  async (authorized, input) => {
    const { principal, organization, object } = authorized;
    const visible = visibleProjects(principal, organization, object, "project:read");
    return readAs(authorized, async (tx) => {
      const rows = await tx
        .select()
        .from(projects)
        .where(
          and(
            visible === "all" ? undefined : inArray(projects.projectId, [...visible]),
            input.cursor === undefined ? undefined : lt(projects.projectId, input.cursor),
          ),
        )
        .orderBy(desc(projects.projectId))
        .limit(input.limit + 1);
      return pageOfRows(
        rows,
        input,
        (row) => row.projectId,
        (row) => presentProject(row),
      );
    });
  },
);
