import { desc, lt } from "drizzle-orm";
import { invitations } from "../../../drizzle/members";
import type { Authorized } from "../../access/authorized";
import { readAs } from "../../access/read-as";
import { pageOfRows } from "../../database/page";
import type { Invitation, ListInvitations } from "./contract";
import { invitationColumns, presentInvitation } from "./invitation-columns";

/** The organization's invitations, newest first; also those that are over. */
export async function listInvitations(
  authorized: Authorized<"invitation:read", "organization">,
  input: ListInvitations,
): Promise<{ items: Invitation[]; nextCursor: string | null }> {
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
}
