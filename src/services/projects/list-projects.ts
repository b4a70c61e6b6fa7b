import { desc, lt } from "drizzle-orm";
import { projects } from "../../../drizzle/projects";
import type { ListProjects, Project } from "../../contracts/projects";
import type { Authorized } from "../../persistence/authorized";
import { readAs } from "../../persistence/read";
import { pageOfRows } from "../page";
import { presentProject } from "./present-project";

/** The organization's projects, newest first. */
export async function listProjects(
  authorized: Authorized<"project:read", "organization">,
  input: ListProjects,
): Promise<{ items: Project[]; nextCursor: string | null }> {
  return readAs(authorized, async (tx) => {
    const rows = await tx
      .select()
      .from(projects)
      .where(input.cursor === undefined ? undefined : lt(projects.projectId, input.cursor))
      .orderBy(desc(projects.projectId))
      .limit(input.limit + 1);
    return pageOfRows(
      rows,
      input,
      (row) => row.projectId,
      (row) => presentProject(row),
    );
  });
}
