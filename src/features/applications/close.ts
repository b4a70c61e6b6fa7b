import { eq } from "drizzle-orm";
import { applications } from "#drizzle/applications";
import { actorColumns } from "#src/access/refusals";
import { unitOfWork } from "#src/access/unit-of-work";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { Application, CloseApplication } from "./contract";
import { application } from "./resource";
import { presentWritten } from "./rows";

/**
 * Closes an application by hand: from this change on, the gateway refuses every visitor of its hosts, also one with a
 * correct password, until `applications.reopen`. Its credentials and routes stay, and can be changed while it is
 * closed.
 * @throws Refusal `already_closed`
 */
export const close = operation(
  {
    name: "applications.close",
    summary: "Close an application now: every visitor is refused until it is reopened",
    permission: "application:update",
    on: application,
    input: CloseApplication,
    output: Application,
    errors: ["already_closed"],
    rest: { method: "POST", path: "/applications/{applicationId}/close" },
  },
  async (authorized, { reason }) => {
    return unitOfWork(authorized, async (work) => {
      const { applicationId, gatewayId, projectId } = work.authorized.object;
      const its = eq(applications.applicationId, applicationId);
      const [before] = await work.tx.select().from(applications).where(its);
      if (before?.closedAt) {
        const { closedAt, closedReason } = before;
        throw new Refusal("already_closed", { since: closedAt.toISOString(), closingReason: closedReason ?? "" });
      }
      const { actorKind, actorId, actorName } = actorColumns(authorized.request, work.authorized.principal);
      const [row] = await work.tx
        .update(applications)
        .set({
          closedAt: work.now,
          closedReason: reason,
          closedByKind: actorKind,
          closedById: actorId,
          closedByName: actorName,
        })
        .where(its)
        .returning();
      if (!row) throw new Refusal("not_found", authorized.named);
      work.audit({ kind: "application", id: applicationId }, { reason });
      work.deliver({ gatewayId, applicationId, closes: true });
      return presentWritten(work.tx, { ...row, projectId }, work.now, work.sync);
    });
  },
);
