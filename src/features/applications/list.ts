import { and, desc, eq, lt } from "drizzle-orm";
import { applications } from "../../../drizzle/applications";
import { environments } from "../../../drizzle/projects";
import { readAs } from "../../access/read-as";
import { pageOfRows } from "../../database/page-of-rows";
import { operation } from "../../operations/operation";
import { orCaller } from "../../operations/subject";
import { environment } from "../environments/resource";
import { ApplicationPage, ListApplications } from "./contract";
import { applicationColumns, presentApplications } from "./rows";

/** The applications of an environment, or of the whole organization; newest first. */
export const list = operation(
  {
    name: "applications.list",
    summary: "List applications, of one environment or of the organization",
    permission: "application:read",
    on: orCaller(environment),
    input: ListApplications,
    output: ApplicationPage,
    errors: [],
    rest: { method: "GET", path: "/applications" },
  },
  async (authorized, input) => {
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
  },
);
