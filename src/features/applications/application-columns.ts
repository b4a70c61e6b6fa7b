import { getTableColumns } from "drizzle-orm";
import { applications } from "../../../drizzle/applications";
import { environments } from "../../../drizzle/projects";

/** An application's row with its project, for a query that joins its environment. */
export const applicationColumns = { ...getTableColumns(applications), projectId: environments.projectId };
