import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { insertPerson } from "#tests/http/matrix/acme";
import { openBrowser } from "#tests/support/browser";
import { givenMember, givenPerson } from "#tests/support/people";
import { registerSecret } from "#tests/support/secrets";
import { givenSession } from "#tests/support/sessions";
import { type GivenOrganization, given, openWorld, testOrigin, type World } from "#tests/support/world";

interface Created {
  readonly organizationId: string;
  readonly slug: string;
  readonly upstreams: string;
  readonly root: boolean;
  readonly ownerId: string;
  readonly setupUrl: string | null;
}

let world: World;
let root: GivenOrganization;
beforeAll(async () => {
  world = await openWorld();
  root = await world.organization({ root: true });
  await world.db.asOwner("update gateways set name = 'local' where gateway_id = $1", [world.gatewayId]);
});
afterAll(() => world.close());

let next = 0;
const create = async (input: Record<string, unknown> = {}) =>
  given(root).ok<Created>("organizations.create", { name: "Beta", owner: `owner-${next++}@example.org`, ...input });

describe("organizations.create", () => {
  test("creates an organization with an owner, on the gateway local, with checked upstreams", async () => {
    const created = await create();
    expect(created).toMatchObject({ name: "Beta", upstreams: "checked", root: false });
    const [member] = await world.db.asOwner<{ role: string; user_id: string }>(
      "select role, user_id from members where organization_id = $1",
      [created.organizationId],
    );
    expect(member).toEqual({ role: "owner", user_id: created.ownerId });
    const gateways = await world.db.asOwner("select gateway_id from organization_gateways where organization_id = $1", [
      created.organizationId,
    ]);
    expect(gateways).toEqual([{ gateway_id: world.gatewayId }]);
    expect((await create()).slug).not.toBe(created.slug);
  });

  test("gives a new owner a link to choose a password, which is in this response only", async () => {
    const { setupUrl } = await create();
    const token = registerSecret(setupUrl?.split("#")[1] ?? "");
    expect(setupUrl).toBe(`${testOrigin}/setup#${token}`);
    const looked = await openBrowser(world, { ip: "198.51.100.9" }).call<{ state: string; purpose: string }>(
      "auth.link",
      {
        token,
      },
    );
    expect(looked.data).toMatchObject({ state: "good", purpose: "password" });
    expect(JSON.stringify(await world.db.asOwner("select * from audit_entries"))).not.toContain(token);
    expect(world.log()).not.toContain(token);
  });

  test("gives no link for a person who has an account, with or without a password", async () => {
    const person = await givenPerson(world);
    expect(await create({ owner: person.email.toUpperCase() })).toMatchObject({
      ownerId: person.userId,
      setupUrl: null,
    });
    const { userId, email } = await insertPerson(world);
    expect(await create({ owner: email })).toMatchObject({ ownerId: userId, setupUrl: null });
    const links = await world.db.asOwner("select 1 from links where user_id = any ($1)", [[person.userId, userId]]);
    expect(links).toEqual([]);
  });

  test("is recorded in the log of the root organization and in the new one, with the person who did it", async () => {
    const person = await insertPerson(world);
    await givenMember(world, root.organizationId, person, "owner");
    const { browser } = await givenSession(world, person);
    const { organizationId } = (
      await browser.call<Created>("organizations.create", { name: "Gamma", owner: "g@example.org" })
    ).data;
    const entries = await world.db.asOwner<Record<string, unknown>>(
      "select organization_id, action, actor_id from audit_entries where object_id = $1 order by action",
      [organizationId],
    );
    expect(entries).toEqual([
      { organization_id: organizationId, action: "organization.create", actor_id: person.userId },
      { organization_id: root.organizationId, action: "organizations.create", actor_id: person.userId },
    ]);
  });

  test("does not make the caller a member of it", async () => {
    const { organizationId } = await create();
    const answer = await root.call("organizations.one", { organizationId });
    expect(answer.status).toBe(404);
  });

  test.each(["admin", "developer", "viewer"] as const)("is refused for the role %s", async (role) => {
    const answer = await world.callAs(await root.key(role))("organizations.create", {
      name: "X",
      owner: "x@example.org",
    });
    expect([answer.status, answer.error.data.reason]).toEqual([403, "key_scope"]);
  });

  test("is refused for an owner of another organization, and creates no account", async () => {
    const acme = await world.organization();
    const answer = await acme.call("organizations.create", { name: "X", owner: "stranger@example.org" });
    expect([answer.status, answer.error.data.reason]).toEqual([403, "forbidden"]);
    expect(await world.db.asOwner("select 1 from users where email = 'stranger@example.org'")).toEqual([]);
  });

  test("two at once with one name and one owner give two organizations and one account", async () => {
    const input = { name: "Twin", owner: "twin@example.org" };
    const created = await Promise.all([create(input), create(input)]);
    expect(new Set(created.map(({ slug }) => slug)).size).toBe(2);
    expect(new Set(created.map(({ ownerId }) => ownerId)).size).toBe(1);
    expect(created.filter(({ setupUrl }) => setupUrl !== null)).toHaveLength(1);
  });
});
