import type { Authorized } from "../../access/authorized";
import { readAs } from "../../access/read-as";
import type { Member } from "./contract";
import { requireMember } from "./require-member";

/** One member, with their roles at projects. */
export async function getMember(authorized: Authorized<"member:read", "member">): Promise<Member> {
  return readAs(authorized, (tx) => requireMember(tx, authorized.object.memberId));
}
