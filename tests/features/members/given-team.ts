import type { Role } from "../../../src/access/permissions";
import { newId } from "../../../src/platform/ids";
import type { Browser } from "../../support/browser";
import { givenMember } from "../../support/people";
import { givenSession } from "../../support/sessions";
import { type GivenOrganization, given, type World } from "../../support/world";

/** Somebody with a session in an organization. */
export interface Teammate {
  readonly userId: string;
  readonly email: string;
  readonly memberId: string;
  readonly browser: Browser;
  /** Calls with the session; the reason where it is refused. */
  ask(procedure: string, input?: unknown): Promise<[status: number, reason?: string]>;
}

/** Somebody new with a session, a member of this organization. */
export async function givenTeammate(
  world: World,
  { organizationId }: GivenOrganization,
  role: Role | null,
): Promise<Teammate> {
  const userId = newId("user");
  const email = `${userId.slice(-10)}@example.org`;
  await world.db.asOwner("insert into users (user_id, email, created_at) values ($1, $2, now())", [userId, email]);
  const memberId = await givenMember(world, organizationId, { userId }, role);
  const { browser } = await givenSession(world, { userId });
  return {
    userId,
    email,
    memberId,
    browser,
    ask: async (procedure, input) => {
      const { status, error } = await browser.call(procedure, input);
      return status === 200 ? [status] : [status, error.data.reason];
    },
  };
}

/** A role of the organization's own, made by its owner. */
export async function givenRole(acme: GivenOrganization, permissions: readonly string[]): Promise<string> {
  const name = `Role ${newId("role").slice(-8)}`;
  return (await given(acme).ok<{ roleId: string }>("roles.create", { name, permissions })).roleId;
}
