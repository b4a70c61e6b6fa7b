import { asc, eq, inArray, sql } from "drizzle-orm";
import { members, projectRoles, users } from "#drizzle/members";
import { requireNotLastOwner } from "#src/access/last-owner";
import type { Permission } from "#src/access/permissions";
import type { Work } from "#src/access/unit-of-work";
import { rowsOf, type Transaction } from "#src/database/database";
import { Refusal } from "#src/platform/errors/refusal";
import type { ListedMember, Member, RemovedMember } from "./contract";

const columns = {
  memberId: members.memberId,
  userId: members.userId,
  email: users.email,
  name: users.name,
  role: members.role,
  roleId: members.roleId,
  createdAt: members.createdAt,
  version: members.version,
  lastSeenAt: members.lastSeenAt,
};

/** Selects members with their names; the caller adds the condition. */
export function selectMembers(tx: Transaction) {
  return tx.select(columns).from(members).innerJoin(users, eq(users.userId, members.userId)).$dynamic();
}

type MemberRow = Awaited<ReturnType<typeof selectMembers>>[number];

/** The public form of members, with their roles at projects. */
export async function presentMembers(tx: Transaction, rows: readonly MemberRow[]): Promise<Member[]> {
  const ids = rows.map(({ memberId }) => memberId);
  const given =
    ids.length === 0
      ? []
      : await tx
          .select({
            memberId: projectRoles.memberId,
            projectId: projectRoles.projectId,
            role: projectRoles.role,
            roleId: projectRoles.roleId,
          })
          .from(projectRoles)
          .where(inArray(projectRoles.memberId, ids))
          .orderBy(asc(projectRoles.projectId));
  return rows.map(({ lastSeenAt: _, ...row }) => ({
    ...row,
    createdAt: row.createdAt.toISOString(),
    projectRoles: given
      .filter(({ memberId }) => memberId === row.memberId)
      .map(({ projectId, role, roleId }) => ({ projectId, role, roleId })),
  }));
}

/**
 * The public form of members in a list.
 * @param showsSecurity whether the caller may see who has a second factor, and who was here when
 */
export async function presentListed(
  tx: Transaction,
  rows: readonly MemberRow[],
  showsSecurity: boolean,
): Promise<ListedMember[]> {
  const presented = await presentMembers(tx, rows);
  const seen = new Map(rows.map(({ memberId, lastSeenAt }) => [memberId, lastSeenAt?.toISOString() ?? null]));
  const protectedOnes = showsSecurity ? await withSecondFactor(tx, rows) : null;
  return presented.map((member) => ({
    ...member,
    secondFactor: protectedOnes === null ? null : protectedOnes.has(member.userId),
    lastSeenAt: showsSecurity ? (seen.get(member.memberId) ?? null) : null,
  }));
}

async function withSecondFactor(tx: Transaction, rows: readonly MemberRow[]): Promise<ReadonlySet<string>> {
  const ids = JSON.stringify(rows.map(({ userId }) => userId));
  const found = await tx.execute(
    sql`select user_id from portcullis_with_second_factor(array(select jsonb_array_elements_text(${ids}::text::jsonb))) user_id`,
  );
  return new Set(rowsOf<{ user_id: string }>(found).map(({ user_id }) => user_id));
}

/**
 * Ends a membership. From the next request on, the member's keys of this organization are revoked, and their sessions
 * are no longer about it. An open invitation for them is revoked too, so that they cannot return by themselves.
 * Everything else that they created belongs to the organization and stays: projects, applications, service accounts
 * with their keys. If the person knows the key of a service account, that key has to be rotated.
 * @throws Refusal `last_owner`
 */
export async function removeMember<P extends Permission, O>(
  work: Work<P, O>,
  memberId: string,
): Promise<RemovedMember> {
  const { tx, organizationId, now } = work;
  const member = await requireMember(tx, memberId);
  await requireNotLastOwner(tx, organizationId, memberId);
  const [ended] = rowsOf<{ revoked: number }>(
    await tx.execute(
      sql`select portcullis_end_membership(${organizationId}::text, ${memberId}::text, ${now.toISOString()}::timestamptz) as revoked`,
    ),
  );
  return { ...member, keysRevoked: ended?.revoked ?? 0 };
}

/** The current state of one member. @throws Refusal `not_found` */
export async function requireMember(tx: Transaction, memberId: string): Promise<Member> {
  const [member] = await presentMembers(tx, await selectMembers(tx).where(eq(members.memberId, memberId)));
  if (!member) throw new Refusal("not_found", { kind: "member", id: memberId });
  return member;
}
