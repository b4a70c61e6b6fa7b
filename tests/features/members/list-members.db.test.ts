import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newId } from "#src/platform/ids";
import { insertPerson } from "#tests/http/matrix/acme";
import { givenMember } from "#tests/support/people";
import { givenSession } from "#tests/support/sessions";
import { type GivenOrganization, given, openWorld, type World } from "#tests/support/world";

interface Member {
  readonly userId: string;
  readonly name: string | null;
  readonly secondFactor: boolean | null;
  readonly lastSeenAt: string | null;
}

let world: World;
let acme: GivenOrganization;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const member = async (organization: GivenOrganization, name: string, role: "viewer" | "admin" = "viewer") => {
  const person = await insertPerson(world);
  await world.db.asOwner("update users set name = $2 where user_id = $1", [person.userId, name]);
  await givenMember(world, organization.organizationId, person, role);
  return person;
};
const list = async (input: Record<string, unknown> = {}) =>
  (await given(acme).ok<{ items: Member[] }>("members.list", input)).items;

describe("members.list", () => {
  beforeAll(async () => {
    acme = await world.organization();
  });

  test("finds members by a part of the name or the e-mail address, in any case", async () => {
    const ada = await member(acme, "Ada Lovelace");
    await member(acme, "Grace 100%_Hopper");
    expect((await list({ query: "LOVE" })).map(({ userId }) => userId)).toEqual([ada.userId]);
    expect((await list({ query: ada.userId.slice(-8).toUpperCase() })).map(({ name }) => name)).toEqual([
      "Ada Lovelace",
    ]);
    expect((await list({ query: "100%_h" })).map(({ name }) => name)).toEqual(["Grace 100%_Hopper"]);
    expect(await list({ query: "%" })).toHaveLength(1);
    expect(await list({ query: "nobody' or 1=1 --" })).toEqual([]);
  });

  test("does not find members of other organizations", async () => {
    const beta = await world.organization();
    await member(beta, "Mallory Unknown");
    expect(await list({ query: "Mallory" })).toEqual([]);
  });

  test("says who has a second factor: a confirmed authenticator app, or a passkey", async () => {
    const [none, started, app, passkey] = await Promise.all(
      ["None", "Started", "App", "Passkey"].map((name) => member(acme, `Factor ${name}`)),
    );
    const insertApp = (userId: string | undefined, confirmed: string | null) =>
      world.db.asOwner(
        "insert into totp_secrets (user_id, secret_sealed, created_at, confirmed_at) values ($1, 'x', now(), $2)",
        [userId, confirmed],
      );
    await insertApp(started?.userId, null);
    await insertApp(app?.userId, new Date().toISOString());
    await world.db.asOwner(
      `insert into passkeys (passkey_id, user_id, credential_id, public_key, counter, transports, backed_up, name, created_at)
       values ($1, $2, $1, 'none', 0, '{}', false, 'Key', now())`,
      [newId("passkey"), passkey?.userId],
    );
    const found = new Map((await list({ query: "Factor" })).map(({ userId, secondFactor }) => [userId, secondFactor]));
    expect([none, started, app, passkey].map((one) => found.get(one?.userId ?? ""))).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });

  test("says when a session was last used for this organization, and for no other", async () => {
    const beta = await world.organization();
    const person = await member(acme, "Seen Here");
    await givenMember(world, beta.organizationId, person, "viewer");
    const { sessionId, browser } = await givenSession(world, person);
    await world.db.asOwner(
      "update sessions set organization_id = $2, last_seen_at = now() - interval '5 minutes' where session_id = $1",
      [sessionId, acme.organizationId],
    );
    await browser.call("auth.session");
    await expect.poll(async () => (await list({ query: "Seen Here" }))[0]?.lastSeenAt).toMatch(/^20/);
    const { items } = await given(beta).ok<{ items: Member[] }>("members.list", {});
    expect(items.map(({ lastSeenAt }) => lastSeenAt)).toEqual([null]);
  });

  test("shows neither to a member who may not change members", async () => {
    await member(acme, "Private Person");
    const viewer = world.callAs(await acme.key("viewer"));
    const { items } = (await viewer<{ items: Member[] }>("members.list", { query: "Private Person" })).data;
    expect(items.map(({ secondFactor, lastSeenAt }) => [secondFactor, lastSeenAt])).toEqual([[null, null]]);
  });
});
