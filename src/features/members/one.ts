import { readAs } from "#src/access/read-as";
import { operation } from "#src/operations/operation";
import { Member, MemberById } from "./contract";
import { member } from "./resource";
import { requireMember } from "./rows";

/** One member, with their roles at projects. */
export const one = operation(
  {
    name: "members.one",
    summary: "Get a member of the organization",
    permission: "member:read",
    on: member,
    input: MemberById,
    output: Member,
    errors: [],
    rest: { method: "GET", path: "/members/{memberId}" },
  },
  async (authorized) => {
    return readAs(authorized, (tx) => requireMember(tx, authorized.object.memberId));
  },
);
