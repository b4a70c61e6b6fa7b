import { eq } from "drizzle-orm";
import { applications } from "#drizzle/applications";
import { lockOrganization } from "#src/access/lock-organization";
import { unitOfWork } from "#src/access/unit-of-work";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { ReopenApplication, ReopenedApplication } from "./contract";
import { application } from "./resource";
import { notClosed, presentWritten } from "./rows";

/**
 * Ends what `applications.close` began, or a restore of the database: the credentials and the access of the application
 * decide again. `becamePublic` says whether that lets everyone in.
 * @throws Refusal `not_closed`
 */
export const reopen = operation(
  {
    name: "applications.reopen",
    summary: "Reopen an application that was closed; says whether it became public",
    permission: "application:update",
    on: application,
    input: ReopenApplication,
    output: ReopenedApplication,
    errors: ["not_closed"],
    rest: { method: "POST", path: "/applications/{applicationId}/reopen" },
  },
  async (authorized, { reason }) => {
    return unitOfWork(authorized, async (work) => {
      const { applicationId, gatewayId, projectId, isClosed } = work.authorized.object;
      if (!isClosed) throw new Refusal("not_closed");
      await lockOrganization(work.tx, work.organizationId);
      const [row] = await work.tx
        .update(applications)
        .set(notClosed)
        .where(eq(applications.applicationId, applicationId))
        .returning();
      if (!row) throw new Refusal("not_found", authorized.named);
      work.deliver({ gatewayId, applicationId, closes: false });
      const reopened = await presentWritten(work.tx, { ...row, projectId }, work.now, work.sync);
      const becamePublic = reopened.exposure.intended === "public";
      work.auditAs(
        becamePublic ? "applications.reopen.opened" : "applications.reopen",
        { kind: "application", id: applicationId },
        { reason },
      );
      return { ...reopened, becamePublic };
    });
  },
);
