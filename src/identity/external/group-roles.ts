import { and, eq, inArray } from "drizzle-orm";
import { members } from "#drizzle/members";
import { roles } from "#drizzle/roles";
import { type Grant, grantedBy, isRole, type Role } from "#src/access/permissions";
import type { Transaction } from "#src/database/database";

/** The role of a membership, as its columns store it. */
export interface MemberRole {
  readonly role: Role | null;
  readonly roleId: string | null;
}

/**
 * The role that a person's groups give in an organization. If there are several, the role with the most permissions
 * counts; if they are equal, the first by the group's name.
 * @param groupRoles group → built-in role, or id of a custom role
 * @returns null if no group gives an existing role
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
  return strongest(
    tx,
    organizationId,
    given.map((name) => (isRole(name) ? { role: name, roleId: null } : { role: null, roleId: name })),
  );
}

/**
 * The role with the most permissions; the first one if they are equal.
 * @returns null if none of them is a role of the organization
 */
export async function strongest(
  tx: Transaction,
  organizationId: string,
  candidates: readonly MemberRole[],
): Promise<MemberRole | null> {
  const grants = await grantsOf(tx, organizationId, candidates);
  let best: { readonly to: MemberRole; readonly size: number } | null = null;
  for (const [at, to] of candidates.entries()) {
    const grant = grants[at] ?? null;
    const { size } = grantedBy(grant);
    if (grant !== null && (best === null || size > best.size)) best = { to, size };
  }
  return best?.to ?? null;
}

/** Whether a role holds no permission that another role does not hold. */
export async function isWithin(
  tx: Transaction,
  organizationId: string,
  inner: MemberRole,
  outer: MemberRole,
): Promise<boolean> {
  const [ofInner, ofOuter] = await grantsOf(tx, organizationId, [inner, outer]);
  const held = grantedBy(ofOuter ?? null);
  return [...grantedBy(ofInner ?? null)].every((permission) => held.has(permission));
}

/** The permissions of each role; null for no role, and for a role that the organization does not have. */
async function grantsOf(
  tx: Transaction,
  organizationId: string,
  of: readonly MemberRole[],
): Promise<readonly (Grant | null)[]> {
  const ids = of.flatMap(({ roleId }) => (roleId === null ? [] : [roleId]));
  const own =
    ids.length === 0
      ? []
      : await tx
          .select({ roleId: roles.roleId, permissions: roles.permissions })
          .from(roles)
          .where(and(eq(roles.organizationId, organizationId), inArray(roles.roleId, ids)));
  return of.map(({ role, roleId }) => {
    if (role !== null) return { role, permissions: null };
    const found = own.find((one) => one.roleId === roleId);
    return found ? { role: null, permissions: found.permissions } : null;
  });
}

export function isSame(one: MemberRole, other: MemberRole): boolean {
  return one.role === other.role && one.roleId === other.roleId;
}

/** The name of a role in the audit log. */
export function roleNameOf({ role, roleId }: MemberRole): string | null {
  return role ?? roleId;
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

/** What a list of groups gives in an organization, as it is applied; null for nothing. */
export async function givenByGroups(
  tx: Transaction,
  organizationId: string,
  groupRoles: Readonly<Record<string, string>>,
  groups: readonly string[],
): Promise<{ readonly to: MemberRole; readonly groups: readonly string[] } | null> {
  const to = await roleOfGroups(tx, organizationId, groupRoles, groups);
  return to && { to, groups: inOrder(groupRoles, groups) };
}

/** Groups in a stable order. Groups that can give a role come first. */
function inOrder(groupRoles: Readonly<Record<string, string>>, groups: readonly string[]): string[] {
  const all = [...new Set(groups)].sort();
  const gives = (group: string) => Object.hasOwn(groupRoles, group);
  return [...all.filter(gives), ...all.filter((group) => !gives(group))];
}
