import { and, desc, eq, lt } from "drizzle-orm";
import { applications } from "../../../drizzle/applications";
import { environments } from "../../../drizzle/projects";
import type { Authorized } from "../../access/authorized";
import { readAs } from "../../access/read-as";
import { pageOfRows } from "../../database/page";
import { applicationColumns } from "./application-columns";
import type { Application, ListApplications } from "./contract";
import { presentApplications } from "./present-application";

/** The applications of an environment, or of the whole organization; newest first. */
export async function listApplications(
  authorized: Authorized<"application:read", "environment" | "organization">,
  input: ListApplications,
): Promise<{ items: Application[]; nextCursor: string | null }> {
  return readAs(authorized, async (tx) => {
    const rows = await tx
      .select(applicationColumns)
      .from(applications)
      .innerJoin(environments, eq(environments.environmentId, applications.environmentId))
      .where(
        and(
          input.environmentId === undefined ? undefined : eq(applications.environmentId, input.environmentId),
          input.cursor === undefined ? undefined : lt(applications.applicationId, input.cursor),
        ),
      )
      .orderBy(desc(applications.applicationId))
      .limit(input.limit + 1);
    const present = await presentApplications(tx, rows, authorized.request.runtime.clock.now());
    return pageOfRows(rows, input, (row) => row.applicationId, present);
  });
}
