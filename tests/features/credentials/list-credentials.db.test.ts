import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { insertPerson, insertProjectRole } from "#tests/http/matrix/acme";
import { givenMember } from "#tests/support/people";
import { givenSession } from "#tests/support/sessions";
import { type GivenOrganization, given, openWorld, type World } from "#tests/support/world";

interface Page {
  readonly items: { securityId: string; username: string; applicationId: string; sync: { state: string } }[];
  readonly nextCursor: string | null;
}

let world: World;
let acme: GivenOrganization;
/** Two applications in two projects, with one credential each. */
let first: { applicationId: string; projectId: string };
beforeAll(async () => {
  world = await openWorld();
  acme = await world.organization();
  first = await given(acme).application<{ applicationId: string; projectId: string }>({ access: "protected" });
  const second = await given(acme).application({ access: "protected" });
  await given(acme).credential(first.applicationId, "ada");
  await given(acme).credential(second.applicationId, "bob");
  const beta = await world.organization();
  const theirs = await given(beta).application({ access: "protected" });
  await given(beta).credential(theirs.applicationId, "mallory");
});
afterAll(() => world.close());

const names = (page: Page) => page.items.map(({ username }) => username);
const list = (input: Record<string, unknown> = {}) => given(acme).ok<Page>("security.list", input);

describe("security.list without an application", () => {
  test("lists the credentials of every application of the organization, in pages, without a hash", async () => {
    const all = await list();
    expect(names(all)).toEqual(["bob", "ada"]);
    expect(JSON.stringify(all)).not.toMatch(/hash[^A]/i);
    expect(all.items.map(({ sync }) => sync.state)).toEqual(["pending", "pending"]);
    const one = await list({ limit: 1 });
    expect(names(one)).toEqual(["bob"]);
    expect(names(await list({ limit: 1, cursor: one.nextCursor }))).toEqual(["ada"]);
  });

  test("lists only credentials whose password is older than a number of days", async () => {
    await world.db.asOwner(
      "update security set password_changed_at = now() - interval '91 days' where username = 'ada' and application_id = $1",
      [first.applicationId],
    );
    expect(names(await list({ olderThanDays: 90 }))).toEqual(["ada"]);
    expect(names(await list({ olderThanDays: 92 }))).toEqual([]);
    expect(names(await list({ olderThanDays: 0 }))).toEqual(["bob", "ada"]);
    expect(names(await list({ applicationId: first.applicationId, olderThanDays: 92 }))).toEqual([]);
    for (const days of [-1, 0.5, 1e9, "90"]) {
      expect((await acme.call("security.list", { olderThanDays: days })).status).toBe(400);
    }
  });

  test("lists for a member of one project the credentials of that project only", async () => {
    const person = await insertPerson(world);
    const memberId = await givenMember(world, acme.organizationId, person, null);
    await insertProjectRole(world, acme, memberId, first.projectId, "viewer");
    const { browser } = await givenSession(world, person);
    expect(names((await browser.call<Page>("security.list")).data)).toEqual(["ada"]);
  });

  test("is refused for a member without a role anywhere", async () => {
    const person = await insertPerson(world);
    await givenMember(world, acme.organizationId, person, null);
    const { browser } = await givenSession(world, person);
    expect((await browser.call("security.list")).status).toBe(403);
  });
});
