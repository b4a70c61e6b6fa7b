import type { Role } from "#src/access/permissions";
import { newId } from "#src/platform/ids";
import type { Browser } from "#tests/support/browser";
import { givenMember } from "#tests/support/people";
import { userRows } from "#tests/support/rows/members";
import { givenSession } from "#tests/support/sessions";
import { type GivenOrganization, given, type World } from "#tests/support/world";

/** A member of an organization with a session. */
export interface Teammate {
  readonly userId: string;
  readonly email: string;
  readonly memberId: string;
  readonly browser: Browser;
  /** Calls with the session; returns the status and, for a refusal, the reason. */
  attempt(procedure: string, input?: unknown): Promise<[status: number, reason?: string]>;
}

/** Creates a person with a session who is a member of this organization. */
export async function givenTeammate(
  world: World,
  { organizationId }: GivenOrganization,
  role: Role | null,
): Promise<Teammate> {
  const { userId, email } = await userRows.insert(world.db.owner, {});
  const memberId = await givenMember(world, organizationId, { userId }, role);
  const { browser } = await givenSession(world, { userId });
  return {
    userId,
    email,
    memberId,
    browser,
    attempt: async (procedure, input) => {
      const { status, error } = await browser.call(procedure, input);
      return status === 200 ? [status] : [status, error.data.reason];
    },
  };
}

/** Creates a custom role as the organization's owner. */
export async function givenRole(acme: GivenOrganization, permissions: readonly string[]): Promise<string> {
  const name = `Role ${newId("role").slice(-8)}`;
  return (await given(acme).ok<{ roleId: string }>("roles.create", { name, permissions })).roleId;
}
