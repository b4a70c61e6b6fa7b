import { eq } from "drizzle-orm";
import { members } from "../../../drizzle/members";
import type { Member } from "../../contracts/members";
import { NotFound } from "../../core/errors";
import type { Transaction } from "../../persistence/database";
import { presentMembers, selectMembers } from "./present-members";

/** One member, as they are now. @throws NotFound */
export async function requireMember(tx: Transaction, memberId: string): Promise<Member> {
  const [member] = await presentMembers(tx, await selectMembers(tx).where(eq(members.memberId, memberId)));
  if (!member) throw new NotFound();
  return member;
}
