import { and, desc, lt, or } from "drizzle-orm";
import { members, users } from "#drizzle/members";
import { isAllowed } from "#src/access/authorization";
import { readAs } from "#src/access/read-as";
import { contains } from "#src/database/conditions-in-sql";
import { pageOfRows } from "#src/database/page-of-rows";
import { operation } from "#src/operations/operation";
import { caller } from "#src/operations/subject";
import { ListMembers, MemberPage } from "./contract";
import { presentListed, selectMembers } from "./rows";

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
        .where(
          and(
            input.cursor === undefined ? undefined : lt(members.memberId, input.cursor),
            input.query === undefined
              ? undefined
              : or(contains(users.email, input.query), contains(users.name, input.query)),
          ),
        )
        .orderBy(desc(members.memberId))
        .limit(input.limit + 1);
      const { items, nextCursor } = pageOfRows(
        rows,
        input,
        (row) => row.memberId,
        (row) => row,
      );
      const { principal, organization } = authorized;
      const showsSecurity = isAllowed(principal, organization, "member:update");
      return { items: await presentListed(tx, items, showsSecurity), nextCursor };
    });
  },
);
