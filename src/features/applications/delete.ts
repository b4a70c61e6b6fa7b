import { eq } from "drizzle-orm";
import { applications } from "../../../drizzle/applications";
import { environments } from "../../../drizzle/projects";
import type { Authorized } from "../../access/authorized";
import { unitOfWork } from "../../access/unit-of-work";
import { NotFound } from "../../platform/errors";
import { applicationColumns } from "./application-columns";
import type { Application } from "./contract";
import { presentWritten } from "./present-application";
import { removeApplications } from "./remove-applications";

/** Deletes an application with its credentials, routes and files, and answers what it was. Its hosts stay denied. */
export async function deleteApplication(
  authorized: Authorized<"application:delete", "application">,
): Promise<Application> {
  return unitOfWork(authorized, async (work) => {
    const { applicationId } = work.authorized.object;
    const [row] = await work.tx
      .select(applicationColumns)
      .from(applications)
      .innerJoin(environments, eq(environments.environmentId, applications.environmentId))
      .where(eq(applications.applicationId, applicationId));
    if (!row) throw new NotFound();
    const before = await presentWritten(work.tx, row, work.now, { changeId: null, state: "unchanged" });
    await removeApplications(work, eq(applications.applicationId, applicationId));
    work.audit("applications.delete", { kind: "application", id: applicationId }, { name: row.name });
    const { changeId, state } = work.sync;
    return {
      ...before,
      exposure: { state: "unknown", intended: "shut", provedAt: null, reason: "pending" },
      sync: { changeId, state },
    };
  });
}
