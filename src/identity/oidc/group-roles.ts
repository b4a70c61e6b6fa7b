import { and, eq, inArray, ne, sql } from "drizzle-orm";
import { members } from "../../../drizzle/members";
import { roles } from "../../../drizzle/roles";
import { newId } from "../../core/ids";
import { type Grant, grantedBy, isRole, type Role } from "../../core/permissions";
import type { Transaction } from "../../persistence/database";

/** A membership's role, as its columns hold it. */
export interface MemberRole {
  readonly role: Role | null;
  readonly roleId: string | null;
}

/**
 * The role that somebody's groups give in an organization: of several the one that holds most, of equals the first by
 * the group's name.
 * @param groupRoles group → built-in role, or id of a role of the organization's own
 * @returns null where no group gives one that is there
 */
export async function roleOfGroups(
  tx: Transaction,
  organizationId: string,
  groupRoles: Readonly<Record<string, string>>,
  groups: readonly string[],
): Promise<MemberRole | null> {
  const given = [...new Set(groups)]
    .filter((group) => Object.hasOwn(groupRoles, group))
    .sort()
    .map((group) => groupRoles[group] ?? "");
  if (given.length === 0) return null;
  const own = await tx
    .select({ roleId: roles.roleId, permissions: roles.permissions })
    .from(roles)
    .where(and(eq(roles.organizationId, organizationId), inArray(roles.roleId, given)));
  const candidates = given.flatMap((word): { readonly to: MemberRole; readonly grant: Grant }[] => {
    if (isRole(word)) return [{ to: { role: word, roleId: null }, grant: { role: word, permissions: null } }];
    const found = own.find(({ roleId }) => roleId === word);
    return found ? [{ to: { role: null, roleId: word }, grant: { role: null, permissions: found.permissions } }] : [];
  });
  let best: (typeof candidates)[number] | null = null;
  for (const one of candidates) {
    if (best === null || grantedBy(one.grant).size > grantedBy(best.grant).size) best = one;
  }
  return best?.to ?? null;
}

export interface Membership extends MemberRole {
  readonly memberId: string;
}

export async function findMembership(
  tx: Transaction,
  organizationId: string,
  userId: string,
): Promise<Membership | null> {
  const [row] = await tx
    .select({ memberId: members.memberId, role: members.role, roleId: members.roleId })
    .from(members)
    .where(and(eq(members.organizationId, organizationId), eq(members.userId, userId)));
  return row ?? null;
}

/**
 * Makes somebody a member with this role, or gives them this role. The last owner stays one.
 * @returns the role before and after; null where nothing changed
 */
export async function giveRole(
  tx: Transaction,
  organizationId: string,
  userId: string,
  to: MemberRole,
  now: Date,
): Promise<readonly [before: string | null, after: string | null] | null> {
  const before = await findMembership(tx, organizationId, userId);
  if (before && isSame(before, to)) return null;
  // Whoever changes roles holds the organization, so that two last owners do not go at once.
  await tx.execute(sql`select portcullis_hold_organization(${organizationId}::text)`);
  const found = await findMembership(tx, organizationId, userId);
  if (found === null) {
    await tx.insert(members).values({ memberId: newId("member"), organizationId, userId, ...to, createdAt: now });
    return [null, wordOf(to)];
  }
  if (isSame(found, to)) return null;
  if (found.role === "owner" && !(await hasOtherOwner(tx, organizationId, userId))) return null;
  await tx.update(members).set(to).where(eq(members.memberId, found.memberId));
  return [wordOf(found), wordOf(to)];
}

async function hasOtherOwner(tx: Transaction, organizationId: string, userId: string): Promise<boolean> {
  const [other] = await tx
    .select({ memberId: members.memberId })
    .from(members)
    .where(and(eq(members.organizationId, organizationId), eq(members.role, "owner"), ne(members.userId, userId)))
    .limit(1);
  return other !== undefined;
}

function isSame(one: MemberRole, other: MemberRole): boolean {
  return one.role === other.role && one.roleId === other.roleId;
}

function wordOf({ role, roleId }: MemberRole): string | null {
  return role ?? roleId;
}
