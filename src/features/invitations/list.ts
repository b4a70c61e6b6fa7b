import { desc, lt } from "drizzle-orm";
import { invitations } from "#drizzle/members";
import { readAs } from "#src/access/read-as";
import { pageOfRows } from "#src/database/page-of-rows";
import { operation } from "#src/operations/operation";
import { caller } from "#src/operations/subject";
import { InvitationPage, ListInvitations } from "./contract";
import { invitationColumns, presentInvitation } from "./rows";

/** The organization's invitations, newest first, including those that have ended. */
export const list = operation(
  {
    name: "invitations.list",
    summary: "List the organization's invitations, including those that have ended",
    permission: "invitation:read",
    on: caller,
    input: ListInvitations,
    output: InvitationPage,
    errors: [],
    rest: { method: "GET", path: "/invitations" },
  },
  async (authorized, input) => {
    const now = authorized.request.runtime.clock.now();
    return readAs(authorized, async (tx) => {
      const rows = await tx
        .select(invitationColumns)
        .from(invitations)
        .where(input.cursor === undefined ? undefined : lt(invitations.invitationId, input.cursor))
        .orderBy(desc(invitations.invitationId))
        .limit(input.limit + 1);
      return pageOfRows(
        rows,
        input,
        (row) => row.invitationId,
        (row) => presentInvitation(row, now),
      );
    });
  },
);
