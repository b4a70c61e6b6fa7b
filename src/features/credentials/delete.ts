import { eq, sql } from "drizzle-orm";
import { applications } from "#drizzle/applications";
import { security } from "#drizzle/security";
import { lockOrganization } from "#src/access/lock-organization";
import { unitOfWork } from "#src/access/unit-of-work";
import { rowsOf, type Transaction } from "#src/database/database";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { openedByDeletion, requireConfirmed } from "../applications/rules";
import { DeleteCredential, DeletedCredential } from "./contract";
import { credential } from "./resource";
import { credentialColumns, presentCredential } from "./rows";

/**
 * Deletes a credential, and returns its last state. Deleting the last credential of a `public-when-empty` application
 * is an explicit action that makes the application public (`becamePublic`), at the earliest when it is reopened if it is
 * closed by hand. A `protected` application is closed from then on.
 * @throws Refusal `preview_changed` the caller confirmed that something else becomes public
 * @throws Refusal `never_public` it was the last one, and the organization forbids public applications
 */
export const remove = operation(
  {
    name: "security.delete",
    summary: "Delete a credential; becamePublic says whether that made the application public",
    permission: "security:delete",
    on: credential,
    input: DeleteCredential,
    output: DeletedCredential,
    errors: ["never_public", "preview_changed"],
    rest: { method: "DELETE", path: "/credentials/{securityId}" },
  },
  async (authorized, { confirm }) => {
    return unitOfWork(authorized, async (work) => {
      const { application, securityId } = work.authorized.object;
      const { neverPublic } = await lockOrganization(work.tx, work.organizationId);
      if (confirm !== undefined) {
        const { applicationId } = application;
        requireConfirmed(await openedByDeletion(work.tx, work.organizationId, { applicationId, securityId }), confirm);
      }
      const [row] = await work.tx
        .delete(security)
        .where(eq(security.securityId, securityId))
        .returning(credentialColumns);
      if (!row) throw new Refusal("not_found", authorized.named);
      const last = !(await hasCredential(work.tx, application.applicationId));
      const opens = last && application.access === "public-when-empty";
      const becamePublic = opens && !application.isClosed;
      if (opens && neverPublic) {
        throw new Refusal("never_public");
      }
      if (last) {
        await work.tx
          .update(applications)
          .set({ openedBy: "delete" })
          .where(eq(applications.applicationId, application.applicationId));
      }
      work.auditAs(
        becamePublic ? "security.delete.opened" : "security.delete",
        { kind: "credential", id: securityId },
        { username: row.username, last },
      );
      work.deliver({ gatewayId: application.gatewayId, applicationId: application.applicationId, closes: true });
      return { ...presentCredential(row, work.sync), becamePublic };
    });
  },
);

async function hasCredential(tx: Transaction, applicationId: string): Promise<boolean> {
  const rows = await tx.execute(
    sql`select exists (select 1 from security where application_id = ${applicationId}) as found`,
  );
  return rowsOf<{ found: boolean }>(rows)[0]?.found === true;
}
