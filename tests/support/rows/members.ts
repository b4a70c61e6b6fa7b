import { invitations, memberRoles, members, projectRoles, users } from "#drizzle/members";
import { newId } from "#src/platform/ids";
import { factoryOf } from "./factory";
import { readRows, type Statements } from "./table";

export const userRows = factoryOf(users, () => {
  const userId = newId("user");
  return { userId, email: `${userId.slice(-10)}@example.org`, createdAt: new Date() };
});

export const memberRows = factoryOf(members, () => ({ memberId: newId("member"), createdAt: new Date() }));

export const projectRoleRows = factoryOf(projectRoles, () => ({
  projectRoleId: newId("projectRole"),
  createdAt: new Date(),
}));

export const memberRoleRows = factoryOf(memberRoles, () => ({ groups: [] as string[], createdAt: new Date() }));

/** The hash is that of no token: such an invitation cannot be accepted. */
export const invitationRows = factoryOf(invitations, () => {
  const invitationId = newId("invitation");
  return {
    invitationId,
    email: `${invitationId}@example.org`,
    hash: invitationId,
    createdAt: new Date(),
    expiresAt: new Date(Date.now() + 7 * 86_400_000),
  };
});

/** Reads the memberships of the person with this e-mail address. */
export async function membershipsOf(statements: Statements, email: string) {
  const persons = await readRows(statements, users, { email }, ["userId"]);
  return readRows(statements, members, { userId: persons.map(({ userId }) => userId) });
}
