import { desc, lt } from "drizzle-orm";
import { members } from "#drizzle/members";
import { readAs } from "#src/access/read-as";
import { pageOfRows } from "#src/database/page-of-rows";
import { operation } from "#src/operations/operation";
import { caller } from "#src/operations/subject";
import { ListMembers, MemberPage } from "./contract";
import { presentMembers, selectMembers } from "./rows";

/** The organization's members, newest first. */
export const list = operation(
  {
    name: "members.list",
    summary: "List the members of the organization",
    permission: "member:read",
    on: caller,
    input: ListMembers,
    output: MemberPage,
    errors: [],
    rest: { method: "GET", path: "/members" },
  },
  async (authorized, input) => {
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
  },
);
