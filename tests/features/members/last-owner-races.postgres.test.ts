import { afterAll, beforeAll, expect, it } from "vitest";
import { openBrowser } from "../../support/browser";
import { type RunningProvider, startOidcProvider } from "../../support/oidc-provider";
import { comeBack, insertProvider, redirectUri, signInBy } from "../../support/oidc-sign-in";
import { givenMember, givenPerson } from "../../support/people";
import { openWorld, type World } from "../../support/world";

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
  (
    await world.db.asOwner<{ n: number }>(
      "select count(*)::int as n from members where organization_id = $1 and role = 'owner'",
      [organizationId],
    )
  )[0]?.n;

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
    await world.db.asOwner("delete from limits");
  }
});

it("one owner remains when one of two is removed while the other loses the owner group at the provider", async () => {
  for (let round = 0; round < rounds; round += 1) {
    const slug = `own-${round}`;
    const { organizationId, call } = await world.organization();
    const memberId = await givenMember(world, organizationId, await givenPerson(world), "owner");
    await insertProvider(world, idp, slug, {
      organization_id: organizationId,
      creates_persons: true,
      group_roles: { owners: "owner" },
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
      organization_id: organizationId,
      creates_persons: true,
      group_roles: { staff: "developer" },
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
      const [state] = await world.db.asOwner<{ members: number; sessions: number; sources: number }>(
        `select (select count(*)::int from members m join users u using (user_id) where u.email = 'ada@example.org') as members,
           (select count(*)::int from sessions s join users u using (user_id) where u.email = 'ada@example.org') as sessions,
           (select count(*)::int from member_roles r where r.organization_id = $1) as sources`,
        [organizationId],
      );
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
