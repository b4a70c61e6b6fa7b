import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { insertPerson } from "#tests/http/matrix/acme";
import { openBrowser } from "#tests/support/browser";
import { givenMember } from "#tests/support/people";
import { registerSecret } from "#tests/support/secrets";
import { givenSession } from "#tests/support/sessions";
import { type GivenOrganization, given, openWorld, type World } from "#tests/support/world";

interface Created {
  readonly invitationId: string;
  readonly email: string;
  readonly url: string;
  readonly state: string;
  readonly expiresAt: string;
  readonly invitedBy: string | null;
}

let world: World;
let acme: GivenOrganization;
let next = 0;
beforeAll(async () => {
  world = await openWorld();
});
beforeEach(async () => {
  acme = await world.organization();
});
afterAll(() => world.close());

const tokenOf = ({ url }: Created) => registerSecret(url.split("#")[1] ?? "");
const invite = (role = "viewer") =>
  given(acme).ok<Created>("invitations.create", { email: `resent-${next++}@example.org`, role });
const resend = (invitationId: string) => acme.call<Created>("invitations.resend", { invitationId });
const stateOf = async (created: Created) =>
  (
    await openBrowser(world, { ip: `198.18.7.${next++ % 250}` }).call<{ state: string }>("invitations.look", {
      token: tokenOf(created),
    })
  ).data.state;
const set = (invitationId: string, column: string, at: string) =>
  world.db.asOwner(`update invitations set ${column} = $2 where invitation_id = $1`, [invitationId, at]);

describe("invitations.resend", () => {
  test("replaces the invitation: the link of the new one is valid, and the former one is revoked", async () => {
    const before = await invite();
    const { data: after } = await resend(before.invitationId);
    expect(after).toMatchObject({ email: before.email, role: "viewer", state: "open" });
    expect(after.invitationId).not.toBe(before.invitationId);
    expect(await stateOf(before)).toBe("revoked");
    expect(await stateOf(after)).toBe("good");
    const dump = JSON.stringify(await world.db.asOwner("select * from audit_entries"));
    expect(dump).toContain("invitations.resend");
    expect(dump).not.toContain(tokenOf(after));
  });

  test("opens an expired invitation for seven days again", async () => {
    const before = await invite();
    await set(before.invitationId, "expires_at", "2026-01-01T00:00:00Z");
    const { data: after } = await resend(before.invitationId);
    expect(after.state).toBe("open");
    expect(Date.parse(after.expiresAt)).toBeGreaterThan(Date.now() + 6 * 86_400_000);
    expect(await stateOf(after)).toBe("good");
  });

  test("makes the invitation the caller's own, so that it depends on the caller's permissions from now on", async () => {
    const before = await invite();
    const person = await insertPerson(world);
    await givenMember(world, acme.organizationId, person, "admin");
    const { browser } = await givenSession(world, person);
    const answer = await browser.call<Created>("invitations.resend", { invitationId: before.invitationId });
    expect(answer.data.invitedBy).toBe(person.userId);
  });

  test.each([
    ["accepted_at", "invitation_accepted"],
    ["revoked_at", "invitation_revoked"],
  ])("is refused if %s is set, and the link stays as it is", async (column, reason) => {
    const before = await invite();
    await set(before.invitationId, column, "2026-01-01T00:00:00Z");
    const answer = await resend(before.invitationId);
    expect([answer.status, answer.error.data.reason]).toEqual([409, reason]);
  });

  test("is refused for an invitation with a role above the caller's own", async () => {
    const before = await invite("owner");
    const admin = world.callAs(await acme.key("admin"));
    const answer = await admin("invitations.resend", { invitationId: before.invitationId });
    expect([answer.status, answer.error.data.reason]).toEqual([403, "role_above_own"]);
    expect(await stateOf(before)).toBe("good");
  });

  test("is refused if the person has become a member", async () => {
    const before = await invite();
    const person = await insertPerson(world);
    await world.db.asOwner("update users set email = $2 where user_id = $1", [person.userId, before.email]);
    await givenMember(world, acme.organizationId, person, "viewer");
    expect((await resend(before.invitationId)).error.data.reason).toBe("already_member");
  });

  test("shares the hourly limit of new invitations", async () => {
    let { invitationId } = await invite();
    const statuses: number[] = [];
    for (let at = 0; at < 60; at++) {
      const answer = await resend(invitationId);
      statuses.push(answer.status);
      invitationId = answer.data?.invitationId ?? invitationId;
    }
    expect(statuses.filter((status) => status === 200)).toHaveLength(59);
    expect(statuses.at(-1)).toBe(429);
  });
});
