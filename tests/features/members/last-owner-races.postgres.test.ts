import { afterAll, beforeAll, expect, it } from "vitest";
import { memberRoles, members, users } from "#drizzle/members";
import { limits, sessions } from "#drizzle/persons";
import { openBrowser } from "#tests/support/browser";
import { type RunningProvider, startOidcProvider } from "#tests/support/oidc-provider";
import { comeBack, insertProvider, redirectUri, signInBy } from "#tests/support/oidc-sign-in";
import { givenMember, givenPerson } from "#tests/support/people";
import { membershipsOf } from "#tests/support/rows/members";
import { deleteRows, readRows } from "#tests/support/rows/table";
import { openWorld, type World } from "#tests/support/world";

const rounds = 8;

let world: World;
let idp: RunningProvider;

beforeAll(async () => {
  world = await openWorld();
  const slugs = Array.from({ length: rounds }, (_, at) => `own-${at}`);
  idp = await startOidcProvider({ redirectUris: slugs.map(redirectUri), claimsInToken: true });
});
afterAll(() => Promise.all([world.close(), idp.close()]));

const ownersOf = async (organizationId: string) =>
  (await readRows(world.db.owner, members, { organizationId, role: "owner" })).length;

it.each([
  ["remove", "members.delete", (memberId: string) => ({ memberId })],
  ["demote", "members.update", (memberId: string) => ({ memberId, role: "viewer" })],
])("one owner remains when two owners %s each other concurrently", async (_, procedure, input) => {
  for (let round = 0; round < rounds; round += 1) {
    const { organizationId } = await world.organization();
    const owners = await Promise.all(
      [0, 1].map(async (at) => {
        const person = await givenPerson(world);
        const memberId = await givenMember(world, organizationId, person, "owner");
        const browser = openBrowser(world, { ip: `198.51.${round}.${at + 1}` });
        await browser.signIn("password", { email: person.email, password: person.password });
        return { memberId, browser };
      }),
    );
    const answers = await Promise.all(
      owners.map(({ browser }, at) => browser.call(procedure, input(owners[1 - at]?.memberId ?? ""))),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(await ownersOf(organizationId)).toBe(1);
    await deleteRows(world.db.owner, limits);
  }
});

it("one owner remains when one of two is removed while the other loses the owner group at the provider", async () => {
  for (let round = 0; round < rounds; round += 1) {
    const slug = `own-${round}`;
    const { organizationId, call } = await world.organization();
    const memberId = await givenMember(world, organizationId, await givenPerson(world), "owner");
    await insertProvider(world, idp, slug, {
      organizationId,
      createsPersons: true,
      groupRoles: { owners: "owner" },
    });
    const sub = `sub-${round}`;
    idp.person = { sub, email: `${sub}@example.org`, email_verified: true, groups: ["owners"] };
    await signInBy(openBrowser(world, { ip: `203.0.113.${2 * round + 1}` }), idp, slug);
    expect(await ownersOf(organizationId)).toBe(2);
    idp.person = { ...idp.person, groups: [] };
    const browser = openBrowser(world, { ip: `203.0.113.${2 * round + 2}` });
    const back = await comeBack(browser, idp, slug);
    await Promise.all([browser.fetch(back), call("members.delete", { memberId })]);
    expect(await ownersOf(organizationId)).toBe(1);
  }
});

it("concurrent sign-ins of one person with and without the group end in the state of the later one", async () => {
  const { organizationId } = await world.organization();
  await givenMember(world, organizationId, await givenPerson(world), "owner");
  const slug = "twice";
  const twice = await startOidcProvider({ redirectUris: [redirectUri(slug)], claimsInToken: true });
  try {
    await insertProvider(world, twice, slug, {
      organizationId,
      createsPersons: true,
      groupRoles: { staff: "developer" },
    });
    twice.person = { sub: "ada", email: "ada@example.org", email_verified: true, groups: ["staff"] };
    await signInBy(openBrowser(world, { ip: "192.0.2.1" }), twice, slug);
    let tokens = 0;
    twice.tamper = (claims) => ({ ...claims, groups: (tokens++ + 1) % 2 === 0 ? ["staff"] : [] });
    for (let round = 0; round < rounds; round += 1) {
      const browsers = [1, 2].map((at) => openBrowser(world, { ip: `192.0.2.${10 * round + 10 + at}` }));
      const back: string[] = [];
      for (const browser of browsers) back.push(await comeBack(browser, twice, slug));
      await Promise.all(browsers.map((browser, at) => browser.fetch(back[at] ?? "")));
      const { owner } = world.db;
      const joined = await membershipsOf(owner, "ada@example.org");
      const [ada] = await readRows(owner, users, { email: "ada@example.org" });
      const state = {
        members: joined.length,
        sessions: (await readRows(owner, sessions, { userId: ada?.userId ?? "" })).length,
        sources: (await readRows(owner, memberRoles, { organizationId })).length,
      };
      // Depending on which sign-in was later: a member with a source and a session, or none of them.
      expect([
        { members: 1, sessions: 1, sources: 1 },
        { members: 0, sessions: 0, sources: 0 },
      ]).toContainEqual(state);
    }
  } finally {
    await twice.close();
  }
});
