import { afterAll, beforeAll, expect, test } from "vitest";
import { grantable, permissions, permissionsOf, roles } from "../../../src/access/permissions";
import { openWorld, type World } from "../../support/world";

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

test.each(roles)("%s: who it is, where, and the permissions of the table", async (role) => {
  const acme = await world.organization();
  const answer = await world.callAs(await acme.key(role))<Session>("auth.session");
  expect(answer.data).toMatchObject({
    principal: { kind: "apiKey", apiKeyId: expect.stringMatching(/^key_/), userId: null, role },
    organization: { organizationId: acme.organizationId, root: false },
  });
  const held = permissions.filter((permission) => permissionsOf(role).has(permission));
  expect(answer.data.permissions).toEqual(held.filter((permission) => !installationWide.includes(permission)));
  expect(answer.data.permissions).toContain("application:read");
});

test("the root organization's owner holds every cell of the table that a key can be given", async () => {
  const founders = await world.organization({ root: true });
  expect((await founders.call<Session>("auth.session")).data.permissions).toEqual([...grantable]);
  const admin = world.callAs(await founders.key("admin"));
  const held = (await admin<Session>("auth.session")).data.permissions;
  expect(held.filter((permission) => installationWide.includes(permission))).toEqual([]);
});

test("it names no organization but the caller's, whatever is asked", async () => {
  const [acme, beta] = [await world.organization(), await world.organization()];
  const refused = await acme.call("auth.session", { organizationId: beta.organizationId });
  expect([refused.status, refused.error?.data.reason]).toEqual([400, "invalid_input"]);
});
