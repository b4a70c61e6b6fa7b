import { and, eq } from "drizzle-orm";
import { members, projectRoles } from "#drizzle/members";
import { roles, serviceAccounts } from "#drizzle/roles";
import type { Transaction } from "../database/database";
import type { Grant } from "./permissions";

/** All roles and permissions of a member: at the organization, and at projects. */
export interface Holdings {
  readonly memberId: string;
  readonly organization: Grant | null;
  /** By project id. */
  readonly projects: ReadonlyMap<string, Grant>;
}

/** The current grants of a member of an organization; null for a person who is not a member. */
export async function findHoldings(
  tx: Transaction,
  organizationId: string,
  who: { readonly memberId: string } | { readonly userId: string },
): Promise<Holdings | null> {
  const is = "memberId" in who ? eq(members.memberId, who.memberId) : eq(members.userId, who.userId);
  const [member] = await tx
    .select({ memberId: members.memberId, role: members.role, permissions: roles.permissions })
    .from(members)
    .leftJoin(roles, and(eq(roles.roleId, members.roleId), eq(roles.organizationId, members.organizationId)))
    .where(and(is, eq(members.organizationId, organizationId)));
  if (!member) return null;
  const { memberId } = member;
  const atProjects = await tx
    .select({ projectId: projectRoles.projectId, role: projectRoles.role, permissions: roles.permissions })
    .from(projectRoles)
    .leftJoin(roles, and(eq(roles.roleId, projectRoles.roleId), eq(roles.organizationId, projectRoles.organizationId)))
    .where(and(eq(projectRoles.memberId, memberId), eq(projectRoles.organizationId, organizationId)));
  const projects = new Map<string, Grant>();
  for (const { projectId, ...given } of atProjects) {
    const grant = grantOf(given);
    if (grant !== null) projects.set(projectId, grant);
  }
  return { memberId, organization: grantOf(member), projects };
}

/**
 * A person's grants at projects of an organization, by project id. Empty for a person who is not a member, and for
 * other principals.
 */
export async function findProjectGrants(
  tx: Transaction,
  organizationId: string,
  userId: string | null,
): Promise<ReadonlyMap<string, Grant>> {
  const holdings = userId === null ? null : await findHoldings(tx, organizationId, { userId });
  return holdings?.projects ?? new Map();
}

/** The current grant of a service account of an organization; null if there is no such account. */
export async function findAccountGrant(
  tx: Transaction,
  organizationId: string,
  serviceAccountId: string,
): Promise<Grant | null> {
  const [account] = await tx
    .select({ role: serviceAccounts.role, permissions: roles.permissions })
    .from(serviceAccounts)
    .leftJoin(
      roles,
      and(eq(roles.roleId, serviceAccounts.roleId), eq(roles.organizationId, serviceAccounts.organizationId)),
    )
    .where(
      and(eq(serviceAccounts.serviceAccountId, serviceAccountId), eq(serviceAccounts.organizationId, organizationId)),
    );
  return account ? grantOf(account) : null;
}

/** A built-in role, or the permissions of a custom role. */
export function grantOf({
  role,
  permissions,
}: {
  role: string | null;
  permissions: readonly string[] | null;
}): Grant | null {
  if (role !== null) return { role, permissions: null };
  return permissions === null ? null : { role: null, permissions };
}
