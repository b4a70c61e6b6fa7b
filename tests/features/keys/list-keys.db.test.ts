import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { insertKey, insertPerson, insertServiceAccount } from "#tests/http/matrix/acme";
import { givenMember } from "#tests/support/people";
import { type GivenOrganization, given, openWorld, type World } from "#tests/support/world";

interface Listed {
  readonly apiKeyId: string;
  readonly userId: string | null;
  readonly serviceAccountId: string | null;
  readonly holderName: string | null;
  readonly state: string;
}

let world: World;
let acme: GivenOrganization;
beforeAll(async () => {
  world = await openWorld();
  acme = await world.organization();
});
afterAll(() => world.close());

const viewer = { role: "viewer", permissions: null } as const;
const list = async (input: Record<string, unknown> = {}) =>
  (await given(acme).ok<{ items: Listed[] }>("keys.list", input)).items;

describe("keys.list", () => {
  test("names the holder: a person by name or e-mail address, a service account, or nothing", async () => {
    const [named, unnamed] = [await insertPerson(world), await insertPerson(world)];
    await world.db.asOwner("update users set name = 'Ada' where user_id = $1", [named.userId]);
    for (const person of [named, unnamed]) {
      await givenMember(world, acme.organizationId, person, "viewer");
      await insertKey(world, acme, viewer, person);
    }
    const serviceAccountId = await insertServiceAccount(world, acme, { role: "viewer", roleId: null });
    await insertKey(world, acme, viewer, { serviceAccountId });
    const items = await list();
    const holderOf = (id: string) =>
      items.find(({ userId, serviceAccountId: account }) => userId === id || account === id)?.holderName;
    expect(holderOf(named.userId)).toBe("Ada");
    expect(holderOf(unnamed.userId)).toBe(unnamed.email);
    expect(holderOf(serviceAccountId)).toBe(serviceAccountId);
    expect(
      items.filter(({ userId, serviceAccountId: account }) => userId === null && account === null)[0]?.holderName,
    ).toBe(null);
  });

  test("does not name a person who has left the organization", async () => {
    const left = await insertPerson(world);
    await insertKey(world, acme, viewer, left);
    expect((await list()).find(({ userId }) => userId === left.userId)?.holderName).toBeNull();
  });

  test("filters by state, and the states of all keys add up to the whole list", async () => {
    const holders = [await insertPerson(world), await insertPerson(world), await insertPerson(world)];
    for (const person of holders) {
      await givenMember(world, acme.organizationId, person, "viewer");
      await insertKey(world, acme, viewer, person);
    }
    const all = await list();
    const keyOf = (at: number) => all.find(({ userId }) => userId === holders[at]?.userId)?.apiKeyId ?? "";
    const [first, second, third] = [keyOf(0), keyOf(1), keyOf(2)];
    const set = (column: string, id: string, at: string) =>
      world.db.asOwner(`update api_keys set ${column} = $2 where api_key_id = $1`, [id, at]);
    await set("revoked_at", first, "2026-01-01T00:00:00Z");
    await set("expires_at", second, "2026-01-01T00:00:00Z");
    await set("expires_at", third, "2999-01-01T00:00:00Z");
    await world.db.asOwner(
      "update api_keys set expires_at = '2026-01-01', revoked_at = '2026-01-02' where api_key_id = $1",
      [first],
    );
    const states = new Map((await list()).map(({ apiKeyId, state }) => [apiKeyId, state]));
    expect([first, second, third].map((id) => states.get(id))).toEqual(["revoked", "expired", "active"]);
    const byState = await Promise.all(["active", "expired", "revoked"].map((state) => list({ state })));
    for (const [at, state] of ["active", "expired", "revoked"].entries()) {
      expect(byState[at]?.map((key) => key.state)).toEqual(byState[at]?.map(() => state));
    }
    expect(byState.flat()).toHaveLength(all.length);
    expect((await acme.call("keys.list", { state: "gone" })).status).toBe(400);
  });
});
