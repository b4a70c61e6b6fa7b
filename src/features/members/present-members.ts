import { asc, eq, inArray } from "drizzle-orm";
import { members, projectRoles, users } from "../../../drizzle/members";
import type { Transaction } from "../../database/database";
import type { Member } from "./contract";

const columns = {
  memberId: members.memberId,
  userId: members.userId,
  email: users.email,
  name: users.name,
  role: members.role,
  roleId: members.roleId,
  createdAt: members.createdAt,
};

/** Members with their names; the caller adds which. */
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
  return rows.map((row) => ({
    ...row,
    createdAt: row.createdAt.toISOString(),
    projectRoles: given
      .filter(({ memberId }) => memberId === row.memberId)
      .map(({ projectId, role, roleId }) => ({ projectId, role, roleId })),
  }));
}
