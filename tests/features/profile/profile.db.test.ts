import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { insertPerson } from "#tests/http/matrix/acme";
import { givenMember } from "#tests/support/people";
import { givenSession } from "#tests/support/sessions";
import { openWorld, type World } from "#tests/support/world";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const open = async () => {
  const acme = await world.organization();
  const person = await insertPerson(world);
  await givenMember(world, acme.organizationId, person, "viewer");
  const { browser } = await givenSession(world, person);
  const principal = async () =>
    (await browser.call<{ principal: { name: string | null; locale: string | null } }>("auth.session")).data.principal;
  return { acme, person, browser, principal };
};

describe("profile.update", () => {
  test("changes the name and the language, which the session and other members then show", async () => {
    const { acme, person, browser, principal } = await open();
    expect(await principal()).toMatchObject({ name: null, locale: null });
    const changed = await browser.call("profile.update", { name: "Ada Lovelace", locale: "de" });
    expect(changed.data).toMatchObject({ userId: person.userId, name: "Ada Lovelace", locale: "de" });
    expect(await principal()).toMatchObject({ name: "Ada Lovelace", locale: "de" });
    const { items } = (await acme.call<{ items: { name: string }[] }>("members.list")).data;
    expect(items.map(({ name }) => name)).toEqual(["Ada Lovelace"]);
  });

  test("keeps what the input does not name, and null removes a value", async () => {
    const { browser, principal } = await open();
    await browser.call("profile.update", { name: "Ada", locale: "de" });
    await browser.call("profile.update", { locale: "en" });
    expect(await principal()).toMatchObject({ name: "Ada", locale: "en" });
    await browser.call("profile.update", { name: null, locale: null });
    expect(await principal()).toMatchObject({ name: null, locale: null });
  });

  test("is recorded with the values before and after", async () => {
    const { person, browser } = await open();
    await browser.call("profile.update", { name: "Ada" });
    const entries = await world.db.asOwner<{ changed: unknown; actor_id: string }>(
      "select changed, actor_id from audit_entries where action = 'profile.update' and object_id = $1",
      [person.userId],
    );
    expect(entries).toEqual([{ changed: { name: [null, "Ada"], locale: [null, null] }, actor_id: person.userId }]);
  });

  test.each([
    ["nothing", {}],
    ["a language that the console does not have", { locale: "tlh" }],
    ["a name of spaces", { name: "   " }],
    ["a name with a line break", { name: "Ada\nBcc: x@example.org" }],
    ["a name with 101 characters", { name: "a".repeat(101) }],
    ["another person's id", { name: "Ada", userId: "usr_x" }],
  ])("refuses %s", async (_what, input) => {
    const { browser, principal } = await open();
    const answer = await browser.call("profile.update", input);
    expect([answer.status, answer.error?.data.reason]).toEqual([400, "invalid_input"]);
    expect(await principal()).toMatchObject({ name: null, locale: null });
  });
});
