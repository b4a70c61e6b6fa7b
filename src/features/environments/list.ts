import { and, desc, eq, lt } from "drizzle-orm";
import { environments } from "../../../drizzle/projects";
import type { Authorized } from "../../access/authorized";
import { readAs } from "../../access/read-as";
import { pageOfRows } from "../../database/page";
import type { Environment, ListEnvironments } from "./contract";
import { presentEnvironment } from "./present-environment";

/** The environments of a project, or of the whole organization; newest first. */
export async function listEnvironments(
  authorized: Authorized<"environment:read", "project" | "organization">,
  input: ListEnvironments,
): Promise<{ items: Environment[]; nextCursor: string | null }> {
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
}
