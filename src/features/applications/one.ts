import { eq } from "drizzle-orm";
import { applications } from "../../../drizzle/applications";
import { environments } from "../../../drizzle/projects";
import type { Authorized } from "../../access/authorized";
import { readAs } from "../../access/read-as";
import { NotFound } from "../../platform/errors";
import { applicationColumns } from "./application-columns";
import type { Application } from "./contract";
import { presentApplications } from "./present-application";

/** One application, with what anyone on the internet gets from it now. */
export async function getApplication(authorized: Authorized<"application:read", "application">): Promise<Application> {
  return readAs(authorized, async (tx) => {
    const [row] = await tx
      .select(applicationColumns)
      .from(applications)
      .innerJoin(environments, eq(environments.environmentId, applications.environmentId))
      .where(eq(applications.applicationId, authorized.object.applicationId));
    if (!row) throw new NotFound();
    return (await presentApplications(tx, [row], authorized.request.runtime.clock.now()))(row);
  });
}
