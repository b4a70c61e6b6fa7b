import { desc, lt } from "drizzle-orm";
import { members } from "../../../drizzle/members";
import type { Authorized } from "../../access/authorized";
import { readAs } from "../../access/read-as";
import { pageOfRows } from "../../database/page";
import type { ListMembers, Member } from "./contract";
import { presentMembers, selectMembers } from "./present-members";

/** The organization's members, newest first. */
export async function listMembers(
  authorized: Authorized<"member:read", "organization">,
  input: ListMembers,
): Promise<{ items: Member[]; nextCursor: string | null }> {
  return readAs(authorized, async (tx) => {
    const rows = await selectMembers(tx)
      .where(input.cursor === undefined ? undefined : lt(members.memberId, input.cursor))
      .orderBy(desc(members.memberId))
      .limit(input.limit + 1);
    const { items, nextCursor } = pageOfRows(
      rows,
      input,
      (row) => row.memberId,
      (row) => row,
    );
    return { items: await presentMembers(tx, items), nextCursor };
  });
}
