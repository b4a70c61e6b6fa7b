import type { Member } from "../../contracts/members";
import type { Authorized } from "../../persistence/authorized";
import { readAs } from "../../persistence/read";
import { requireMember } from "./require-member";

/** One member, with their roles at projects. */
export async function getMember(authorized: Authorized<"member:read", "member">): Promise<Member> {
  return readAs(authorized, (tx) => requireMember(tx, authorized.object.memberId));
}
