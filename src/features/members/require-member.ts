import { eq } from "drizzle-orm";
import { members } from "../../../drizzle/members";
import type { Transaction } from "../../database/database";
import { Refusal } from "../../platform/errors/refusal";
import type { Member } from "./contract";
import { presentMembers, selectMembers } from "./present-members";

/** One member, as they are now. @throws Refusal `not_found` */
export async function requireMember(tx: Transaction, memberId: string): Promise<Member> {
  const [member] = await presentMembers(tx, await selectMembers(tx).where(eq(members.memberId, memberId)));
  if (!member) throw new Refusal("not_found", { kind: "member", id: memberId });
  return member;
}
