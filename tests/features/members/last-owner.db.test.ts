import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { members } from "#drizzle/members";
import { limits } from "#drizzle/persons";
import type { TrustedHeader } from "#src/access/runtime";
import { SettingsProviders } from "#src/features/providers/contract";
import { ensureSettingsProviders, ensureTrustedHeader } from "#src/features/providers/ensure";
import { openBrowser } from "#tests/support/browser";
import { type RunningProvider, startOidcProvider } from "#tests/support/oidc-provider";
import { redirectUri, signInBy } from "#tests/support/oidc-sign-in";
import { givenMember, givenPerson } from "#tests/support/people";
import { memberRoleRows, membershipsOf } from "#tests/support/rows/members";
import { deleteRows, readRows } from "#tests/support/rows/table";
import { type GivenOrganization, openWorld, type World } from "#tests/support/world";

const header: TrustedHeader = {
  proxies: ["10.1.0.0/16"],
  emailHeader: "Remote-Email",
  nameHeader: "Remote-Name",
  groupsHeader: "Remote-Groups",
  createsPersons: true,
  groupRoles: { owners: "owner", staff: "viewer" },
};

let world: World;
let idp: RunningProvider;
let root: GivenOrganization;

beforeAll(async () => {
  world = await openWorld();
  const { signIn } = world.runtime;
  Object.defineProperty(world.runtime, "signIn", { value: { ...signIn, trustedHeader: header } });
  idp = await startOidcProvider({ redirectUris: [redirectUri("settings")], claimsInToken: true });
  root = await world.organization({ root: true });
});
afterAll(() => Promise.all([world.close(), idp.close()]));

const groupRoles: Record<string, string> = { owners: "owner", staff: "viewer" };
const settings = (overrides: Record<string, unknown> = {}) =>
  SettingsProviders.parse([
    {
      slug: "settings",
      name: "Settings",
      issuer: idp.issuer,
      clientId: idp.clientId,
      clientSecret: idp.clientSecret,
      createsPersons: true,
      trustedDomains: ["example.org"],
      groupRoles,
      ...overrides,
    },
  ]);

let browsers = 0;
const newBrowser = (network = "198.51.100") => {
  browsers += 1;
  return openBrowser(world, { ip: `${network}.${browsers}` });
};

/** An owner of the root organization, created in one of the ways in which a person can become one. */
interface Owner {
  readonly email: string;
  readonly memberId: string;
  /** Calls in a session of this owner. */
  call(procedure: string, input?: unknown, headers?: Record<string, string>): Promise<{ status: number }>;
  /** Signs in again with these groups. */
  signInWith(groups: readonly string[]): Promise<unknown>;
}

async function memberIdOf(email: string): Promise<string> {
  const joined = await membershipsOf(world.db.owner, email);
  return joined.find(({ organizationId }) => organizationId === root.organizationId)?.memberId ?? "";
}

async function assignedOwner(): Promise<Owner> {
  const person = await givenPerson(world);
  const memberId = await givenMember(world, root.organizationId, person, "owner");
  const browser = newBrowser();
  await browser.signIn("password", { email: person.email, password: person.password });
  return { email: person.email, memberId, call: browser.call, signInWith: () => Promise.resolve() };
}

async function providerOwner(): Promise<Owner> {
  await ensureSettingsProviders(world.runtime, settings());
  const sub = `sub-${Math.random().toString(36).slice(2)}`;
  const email = `${sub}@example.org`;
  const signInWith = async (groups: readonly string[]) => {
    idp.person = { sub, email, email_verified: true, groups };
    const browser = newBrowser();
    await signInBy(browser, idp, "settings");
    return browser;
  };
  const { call } = await signInWith(["owners"]);
  return { email, memberId: await memberIdOf(email), call, signInWith };
}

async function headerOwner(): Promise<Owner> {
  const email = `h${Math.random().toString(36).slice(2)}@example.org`;
  const signInWith = async (groups: readonly string[]) => {
    const browser = newBrowser("10.1.0");
    const csrfToken = await browser.formToken();
    await browser.fetch("/api/auth/signin/trusted-header", {
      method: "POST",
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        "remote-email": email,
        "remote-groups": groups.join(","),
      },
      body: new URLSearchParams({ csrfToken, json: "true" }).toString(),
    });
    return browser;
  };
  const { call } = await signInWith(["owners"]);
  return { email, memberId: await memberIdOf(email), call, signInWith };
}

/** Every way in which an owner can lose the role, depending on how the person became an owner. */
const ways: readonly (readonly [
  way: string,
  create: () => Promise<Owner>,
  lose: (owner: Owner) => Promise<unknown>,
])[] = [
  ["is removed", assignedOwner, ({ memberId }) => root.call("members.delete", { memberId })],
  ["leaves", assignedOwner, ({ call }) => call("members.leave")],
  ["gets another role", assignedOwner, ({ memberId }) => root.call("members.update", { memberId, role: "viewer" })],
  ["gets no role", assignedOwner, ({ memberId }) => root.call("members.update", { memberId, role: null })],
  [
    "changes their own role",
    assignedOwner,
    ({ memberId, call }) => call("members.update", { memberId, role: "admin" }),
  ],
  ["signs in with a weaker group", providerOwner, ({ signInWith }) => signInWith(["staff"])],
  ["signs in without a group", providerOwner, ({ signInWith }) => signInWith([])],
  ["signs in through the header with a weaker group", headerOwner, ({ signInWith }) => signInWith(["staff"])],
  ["signs in through the header without a group", headerOwner, ({ signInWith }) => signInWith([])],
  [
    "sends a request with other groups in the header",
    headerOwner,
    ({ email, call }) => call("organizations.one", {}, { "remote-email": email, "remote-groups": "staff" }),
  ],
  [
    "has a group to which the settings assign another role",
    providerOwner,
    () => ensureSettingsProviders(world.runtime, settings({ groupRoles: { owners: "viewer" } })),
  ],
  [
    "uses a provider whose issuer changes in the settings",
    providerOwner,
    () => ensureSettingsProviders(world.runtime, settings({ issuer: "https://other.example.org" })),
  ],
  [
    "uses a provider that is removed from the settings",
    providerOwner,
    () => ensureSettingsProviders(world.runtime, []),
  ],
  [
    "has a header group that is mapped to a weaker role",
    headerOwner,
    () => ensureTrustedHeader(world.runtime, true, { owners: "viewer" }),
  ],
  ["uses a trusted header that is turned off", headerOwner, () => ensureTrustedHeader(world.runtime, false)],
];

const isOwner = async (memberId: string) =>
  (await readRows(world.db.owner, members, { memberId, role: "owner" })).length === 1;

async function removeAllMembers(): Promise<void> {
  await deleteRows(world.db.owner, members, { organizationId: root.organizationId });
  await deleteRows(world.db.owner, limits);
}

describe("owners of an organization", () => {
  it.each(ways)(
    "the only owner stays an owner, and one of two owners does not, when the owner %s",
    async (_, create, lose) => {
      await removeAllMembers();
      const last = await create();
      expect(await isOwner(last.memberId)).toBe(true);
      await lose(last);
      expect(await isOwner(last.memberId)).toBe(true);

      await removeAllMembers();
      const first = await create();
      await givenMember(world, root.organizationId, await givenPerson(world), "owner");
      // An owner of another organization does not count here.
      await givenMember(world, (await world.organization()).organizationId, await givenPerson(world), "owner");
      await lose(first);
      expect(await isOwner(first.memberId)).toBe(false);
    },
  );

  it("the only owner stays an owner when the organization's provider is removed, changed or mapped to other roles", async () => {
    const changes: readonly ((organization: GivenOrganization, providerId: string) => Promise<{ status: number }>)[] = [
      ({ call }, providerId) => call("providers.delete", { providerId }),
      ({ call }, providerId) => call("providers.update", { providerId, issuer: "https://other.example.org" }),
      ({ call }, providerId) => call("providers.update", { providerId, groupRoles: { owners: "viewer" } }),
      ({ call }, providerId) => call("providers.update", { providerId, groupRoles: {} }),
    ];
    for (const change of changes) {
      const organization = await world.organization();
      const { data } = await organization.call<{ providerId: string }>("providers.create", {
        name: "Own",
        issuer: "https://login.example.org",
        clientId: "portcullis",
        groupRoles,
      });
      const memberId = await givenMember(world, organization.organizationId, await givenPerson(world), "owner");
      await memberRoleRows.insert(world.db.owner, {
        organizationId: organization.organizationId,
        memberId,
        source: data.providerId,
        role: "owner",
        groups: ["owners"],
      });
      expect((await change(organization, data.providerId)).status).toBe(200);
      expect(await isOwner(memberId)).toBe(true);
    }
  });
});

it("only the listed code removes members or changes their roles, and it checks for the last owner", async () => {
  const src = join(import.meta.dirname, "../../../src");
  const names = (await readdir(src, { recursive: true })).filter((name) => /\.tsx?$/.test(name));
  const changing = names.filter((name) =>
    /(delete|update)\(members\)|portcullis_end_membership/.test(readFileSync(join(src, name), "utf8")),
  );
  expect(changing.sort()).toEqual([
    "features/members/rows.ts",
    "features/members/update.ts",
    "identity/external/apply-groups.ts",
  ]);
  for (const name of changing) expect(readFileSync(join(src, name), "utf8")).toMatch(/isLastOwner|requireNotLastOwner/);
  const functions = await world.db.asOwner<{ proname: string }>(
    "select proname from pg_proc where proname like 'portcullis%' and prosrc ~* '(delete from|update) +members'",
  );
  // The second one only sets when a member was last seen.
  expect(functions).toEqual([{ proname: "portcullis_end_membership" }, { proname: "portcullis_touch_session" }]);
});
