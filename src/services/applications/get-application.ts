import { eq } from "drizzle-orm";
import { applications } from "../../../drizzle/applications";
import { environments } from "../../../drizzle/projects";
import type { Application } from "../../contracts/applications";
import { NotFound } from "../../core/errors";
import type { Authorized } from "../../persistence/authorized";
import { readAs } from "../../persistence/read";
import { applicationColumns } from "./application-columns";
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
