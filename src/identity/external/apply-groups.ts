import { and, eq, ne, sql } from "drizzle-orm";
import { memberRoles, members, projectRoles } from "#drizzle/members";
import { holdOrganization, isLastOwner } from "#src/access/last-owner";
import { rowsOf, type Transaction } from "#src/database/database";
import { newId } from "#src/platform/ids";
import {
  findMembership,
  isSame,
  isWithin,
  type MemberRole,
  type Membership,
  roleNameOf,
  strongest,
} from "./group-roles";

/** A person, the organization, and the source whose groups are applied. */
export interface GroupsOf {
  readonly organizationId: string;
  readonly userId: string;
  /** A provider's id, or `trusted_header`. */
  readonly source: string;
  readonly now: Date;
}

/** The role that a source's groups currently give a person. */
export interface GivenRole {
  readonly to: MemberRole;
  readonly groups: readonly string[];
}

/** What the groups of a source changed about a membership. */
export interface RoleChange {
  readonly organizationId: string;
  readonly userId: string;
  readonly memberId: string;
  readonly before: string | null;
  readonly after: string | null;
  readonly membershipEnded: boolean;
  readonly keysRevoked: number;
  /**
   * The groups no longer give the role `owner`, but the member keeps it, because the organization has no other owner.
   */
  readonly lastOwnerKept: boolean;
}

/** The source of a role that a person or the host's command line gave. */
const hand = "hand";

/** The number of groups that are stored for one source. The groups that give a role come first. */
const maxStoredGroups = 200;

/**
 * Applies what a source's groups give a person in an organization: adds them as a member, changes their role, or
 * revokes what these groups gave before. If there are several sources, the strongest role counts. If no source gives a
 * role, the role that was given by hand remains, as far as it holds nothing that the groups' role did not hold. If no
 * role was given by hand, the membership ends, unless the person has roles at projects. The last owner stays owner.
 * @param given null: the groups no longer give anything
 * @returns null if nothing changed
 */
export async function applyGroups(tx: Transaction, of: GroupsOf, given: GivenRole | null): Promise<RoleChange | null> {
  if (given !== null && (await isApplied(tx, of, given))) return null;
  await holdOrganization(tx, of.organizationId);
  const membership = await findMembership(tx, of.organizationId, of.userId);
  if (membership === null) return given === null ? null : join(tx, of, given);
  const sources = await tx.select().from(memberRoles).where(eq(memberRoles.memberId, membership.memberId));
  const others = sources.filter(({ source }) => source !== of.source);
  if (given === null && others.length === sources.length) return null;

  const fromGroups = others.filter(({ source }) => source !== hand);
  const target =
    given === null && fromGroups.length === 0
      ? await withoutGroups(tx, of.organizationId, membership, others[0] ?? null)
      : await strongest(tx, of.organizationId, [...(given === null ? [] : [given.to]), ...fromGroups]);
  const losesOwner = membership.role === "owner" && target?.role !== "owner";
  const lastOwnerKept = losesOwner && (await isLastOwner(tx, of.organizationId, membership.memberId));
  const unchanged = { ...changeOf(of, membership, membership), lastOwnerKept };
  // the source stays stored, so that a later sign-in ends the role
  if (given === null && lastOwnerKept) return unchanged;

  if (given !== null) await store(tx, of, membership, sources.length === 0, given);
  else await forget(tx, membership, of.source, fromGroups.length === 0);
  if (lastOwnerKept) return unchanged;
  if (target === null) return end(tx, of, membership);
  if (isSame(membership, target)) return null;
  const { role, roleId } = target;
  await tx.update(members).set({ role, roleId }).where(eq(members.memberId, membership.memberId));
  return changeOf(of, membership, target);
}

/** Whether the groups give the same as at the last sign-in. This is the common case, and needs no lock. */
async function isApplied(tx: Transaction, of: GroupsOf, { to, groups }: GivenRole): Promise<boolean> {
  const [row] = await tx
    .select({ role: memberRoles.role, roleId: memberRoles.roleId, groups: memberRoles.groups, member: members })
    .from(members)
    .innerJoin(memberRoles, and(eq(memberRoles.memberId, members.memberId), eq(memberRoles.source, of.source)))
    .where(and(eq(members.organizationId, of.organizationId), eq(members.userId, of.userId)));
  return (
    row !== undefined &&
    isSame(row, to) &&
    isSame(row.member, to) &&
    JSON.stringify(row.groups) === JSON.stringify(keptOf(groups))
  );
}

async function join(tx: Transaction, of: GroupsOf, given: GivenRole): Promise<RoleChange> {
  const { organizationId, userId, now } = of;
  const { role, roleId } = given.to;
  const membership = { memberId: newId("member"), role, roleId };
  await tx.insert(members).values({ ...membership, organizationId, userId, createdAt: now });
  await store(tx, of, membership, false, given);
  return changeOf(of, { ...membership, role: null, roleId: null }, membership);
}

/** The role that remains when no groups give one; null: the membership ends. */
async function withoutGroups(
  tx: Transaction,
  organizationId: string,
  membership: Membership,
  byHand: MemberRole | null,
): Promise<MemberRole | null> {
  if (byHand !== null) return (await isWithin(tx, organizationId, byHand, membership)) ? byHand : membership;
  const atProjects = await tx.$count(projectRoles, eq(projectRoles.memberId, membership.memberId));
  return atProjects > 0 ? { role: null, roleId: null } : null;
}

/** Stores what a source gives. Before the first source, also stores the role that was given by hand. */
async function store(
  tx: Transaction,
  { organizationId, source, now: createdAt }: GroupsOf,
  { memberId, role, roleId }: Membership,
  isFirst: boolean,
  { to, groups }: GivenRole,
): Promise<void> {
  const row = { organizationId, memberId, createdAt };
  if (isFirst) await tx.insert(memberRoles).values({ ...row, source: hand, role, roleId, groups: [] });
  const gives = { role: to.role, roleId: to.roleId, groups: keptOf(groups) };
  await tx
    .insert(memberRoles)
    .values({ ...row, source, ...gives })
    .onConflictDoUpdate({ target: [memberRoles.memberId, memberRoles.source], set: gives });
}

/**
 * Deletes a source. With the last source, also deletes the stored role that was given by hand, which is the member's
 * role from then on.
 */
async function forget(tx: Transaction, { memberId }: Membership, source: string, isLast: boolean): Promise<void> {
  const its = eq(memberRoles.memberId, memberId);
  await tx
    .delete(memberRoles)
    .where(isLast ? its : and(its, eq(memberRoles.source, source), ne(memberRoles.source, hand)));
}

async function end(tx: Transaction, of: GroupsOf, membership: Membership): Promise<RoleChange> {
  const [ended] = rowsOf<{ revoked: number }>(
    await tx.execute(
      sql`select portcullis_end_membership(${of.organizationId}::text, ${membership.memberId}::text, ${of.now.toISOString()}::timestamptz) as revoked`,
    ),
  );
  return {
    ...changeOf(of, membership, { role: null, roleId: null }),
    membershipEnded: true,
    keysRevoked: ended?.revoked ?? 0,
  };
}

function changeOf({ organizationId, userId }: GroupsOf, before: Membership, after: MemberRole): RoleChange {
  return {
    organizationId,
    userId,
    memberId: before.memberId,
    before: roleNameOf(before),
    after: roleNameOf(after),
    membershipEnded: false,
    keysRevoked: 0,
    lastOwnerKept: false,
  };
}

function keptOf(groups: readonly string[]): string[] {
  return [...new Set(groups)].slice(0, maxStoredGroups);
}
