import { and, desc, eq, lt } from "drizzle-orm";
import { environments } from "#drizzle/projects";
import { readAs } from "#src/access/read-as";
import { pageOfRows } from "#src/database/page-of-rows";
import { operation } from "#src/operations/operation";
import { orCaller } from "#src/operations/subject";
import { project } from "../projects/resource";
import { EnvironmentPage, ListEnvironments } from "./contract";
import { presentEnvironment } from "./rows";

/** The environments of a project, or of the whole organization; newest first. */
export const list = operation(
  {
    name: "environments.list",
    summary: "List environments, of one project or of the organization",
    permission: "environment:read",
    on: orCaller(project),
    input: ListEnvironments,
    output: EnvironmentPage,
    errors: [],
    rest: { method: "GET", path: "/environments" },
  },
  async (authorized, input) => {
    return readAs(authorized, async (tx) => {
      const rows = await tx
        .select()
        .from(environments)
        .where(
          and(
            input.projectId === undefined ? undefined : eq(environments.projectId, input.projectId),
            input.cursor === undefined ? undefined : lt(environments.environmentId, input.cursor),
          ),
        )
        .orderBy(desc(environments.environmentId))
        .limit(input.limit + 1);
      return pageOfRows(
        rows,
        input,
        (row) => row.environmentId,
        (row) => presentEnvironment(row),
      );
    });
  },
);
