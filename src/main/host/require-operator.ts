import { asc, eq } from "drizzle-orm";
import { installation } from "#drizzle/installation";
import { members, users } from "#drizzle/members";
import type { HostWork } from "#src/access/host-work";
import { Refusal } from "#src/platform/errors/refusal";

export interface Operator {
  readonly userId: string;
  readonly email: string;
  /**
   * The organization whose audit log records changes of the account: the first one that the person joined, or the
   * installation.
   */
  readonly organizationId: string;
}

/**
 * Returns the account of an e-mail address, and locks its row until the transaction ends. @throws Refusal
 * `no_such_person`
 */
export async function requireOperator({ tx }: HostWork, email: string): Promise<Operator> {
  const [person] = await tx
    .select({ userId: users.userId, email: users.email })
    .from(users)
    .where(eq(users.email, email))
    .for("no key update");
  if (!person) throw new Refusal("no_such_person", { email });
  const [membership] = await tx
    .select({ organizationId: members.organizationId })
    .from(members)
    .where(eq(members.userId, person.userId))
    .orderBy(asc(members.createdAt), asc(members.organizationId))
    .limit(1);
  if (membership) return { ...person, ...membership };
  const [own] = await tx.select({ organizationId: installation.installationId }).from(installation);
  return { ...person, organizationId: own?.organizationId ?? "" };
}
