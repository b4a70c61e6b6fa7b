import { eq } from "drizzle-orm";
import { applications } from "#drizzle/applications";
import { environments } from "#drizzle/projects";
import { unitOfWork } from "#src/access/unit-of-work";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { Application, ApplicationById } from "./contract";
import { application } from "./resource";
import { applicationColumns, presentWritten, removeApplications } from "./rows";

/** Deletes an application with its credentials, routes and files, and returns its last state. Its hosts stay denied. */
export const remove = operation(
  {
    name: "applications.delete",
    summary: "Delete an application with its credentials and routes; its hosts stay claimed and closed",
    permission: "application:delete",
    on: application,
    input: ApplicationById,
    output: Application,
    errors: [],
    rest: { method: "DELETE", path: "/applications/{applicationId}" },
  },
  async (authorized) => {
    return unitOfWork(authorized, async (work) => {
      const { applicationId } = work.authorized.object;
      const [row] = await work.tx
        .select(applicationColumns)
        .from(applications)
        .innerJoin(environments, eq(environments.environmentId, applications.environmentId))
        .where(eq(applications.applicationId, applicationId));
      if (!row) throw new Refusal("not_found", authorized.named);
      const before = await presentWritten(work.tx, row, work.now, { changeId: null, state: "unchanged" });
      await removeApplications(work, eq(applications.applicationId, applicationId));
      work.audit({ kind: "application", id: applicationId }, { name: row.name });
      const { changeId, state } = work.sync;
      return {
        ...before,
        exposure: { state: "unknown", intended: "closed", provedAt: null, reason: "pending" },
        sync: { changeId, state },
      };
    });
  },
);
