import { afterAll, beforeAll, expect, test } from "vitest";
import { grantable, permissions, permissionsOf, roles } from "#src/access/permissions";
import { openWorld, type World } from "#tests/support/world";

interface Session {
  readonly principal: { kind: string; apiKeyId: string; userId: string | null; role: string };
  readonly organization: { organizationId: string; root: boolean };
  readonly permissions: string[];
}

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const installationWide = ["gateway:create", "gateway:update", "gateway:delete", "installation-audit:read"];

test.each(roles)(
  "auth.session returns the principal, the organization and the permissions of the role %s",
  async (role) => {
    const acme = await world.organization();
    const answer = await world.callAs(await acme.key(role))<Session>("auth.session");
    expect(answer.data).toMatchObject({
      principal: { kind: "apiKey", apiKeyId: expect.stringMatching(/^key_/), userId: null, role },
      organization: { organizationId: acme.organizationId, root: false },
    });
    const held = permissions.filter((permission) => permissionsOf(role).has(permission));
    expect(answer.data.permissions).toEqual(held.filter((permission) => !installationWide.includes(permission)));
    expect(answer.data.permissions).toContain("application:read");
  },
);

test("an owner key of the root organization holds every permission that a key can be granted", async () => {
  const root = await world.organization({ root: true });
  expect((await root.call<Session>("auth.session")).data.permissions).toEqual([...grantable]);
  const admin = world.callAs(await root.key("admin"));
  const held = (await admin<Session>("auth.session")).data.permissions;
  expect(held.filter((permission) => installationWide.includes(permission))).toEqual([]);
});

test("auth.session rejects an organizationId, so it never describes another organization", async () => {
  const [acme, beta] = [await world.organization(), await world.organization()];
  const refused = await acme.call("auth.session", { organizationId: beta.organizationId });
  expect([refused.status, refused.error?.data.reason]).toEqual([400, "invalid_input"]);
});
