import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { auditEntries, refusalCounts } from "#drizzle/audit";
import { members } from "#drizzle/members";
import type { Role } from "#src/access/permissions";
import type { TrustedHeader } from "#src/access/runtime";
import { ensureTrustedHeader } from "#src/features/providers/ensure";
import { type Browser, openBrowser } from "../support/browser";
import { type RunningProvider, startOidcProvider } from "../support/oidc-provider";
import { insertProvider, redirectUri, signInBy } from "../support/oidc-sign-in";
import { type GivenPerson, givenMember, givenPerson } from "../support/people";
import { membershipsOf, projectRoleRows } from "../support/rows/members";
import { deleteRows, lastRow, readRows } from "../support/rows/table";
import { registerSecret } from "../support/secrets";
import { type GivenOrganization, openWorld, testOrigin, type World } from "../support/world";

let world: World;
let idp: RunningProvider;
let root: GivenOrganization;
let owner: GivenPerson;
const ids = new Map<string, string>();
const slugs = ["grouped", "second", "admitted", "own", "mapped", "removed"];

const header: TrustedHeader = {
  proxies: ["10.1.0.0/16"],
  emailHeader: "Remote-Email",
  nameHeader: "Remote-Name",
  groupsHeader: "Remote-Groups",
  createsPersons: true,
  groupRoles: { staff: "developer", operators: "admin", owners: "owner" },
};

beforeAll(async () => {
  world = await openWorld();
  const { signIn } = world.runtime;
  Object.defineProperty(world.runtime, "signIn", { value: { ...signIn, trustedHeader: header } });
  idp = await startOidcProvider({ redirectUris: slugs.map(redirectUri), claimsInToken: true });
  root = await world.organization({ root: true });
  owner = await givenPerson(world);
  await givenMember(world, root.organizationId, owner, "owner");
  const groupRoles = { staff: "viewer", operators: "admin", owners: "owner" };
  const main = { trustedDomains: ["example.org"], createsPersons: true };
  const insert = async (slug: string, more: Record<string, unknown>) =>
    void ids.set(slug, await insertProvider(world, idp, slug, { ...main, ...more }));
  await insert("grouped", { groupRoles });
  await insert("second", { groupRoles: { staff: "developer" } });
  await insert("admitted", { allowedGroups: ["staff"] });
});
afterAll(() => Promise.all([world.close(), idp.close()]));
beforeEach(() => deleteRows(world.db.owner, refusalCounts));

let visitors = 0;
function newBrowser(): Browser {
  visitors += 1;
  return openBrowser(world, { ip: `198.51.100.${visitors}` });
}

/** Makes the provider return a new person. */
function newPerson(groups: unknown): string {
  const sub = `sub-${Math.random().toString(36).slice(2)}`;
  idp.person = { sub, email: `${sub}@example.org`, email_verified: true, groups };
  return `${sub}@example.org`;
}

/** Signs in with these groups. */
async function signInWith(slug: string, groups: unknown, more: Record<string, unknown> = {}) {
  idp.person = { ...idp.person, groups, ...more };
  const browser = newBrowser();
  const { location } = await signInBy(browser, idp, slug);
  return { browser, location };
}

const home = `${testOrigin}/`;
const isSignedIn = async (browser: Browser) => (await browser.call("auth.session")).status === 200;

async function keyOf(browser: Browser, role: Role = "viewer"): Promise<string> {
  const { status, data } = await browser.call<{ key: string }>("keys.create", { name: "By a session", role });
  expect(status).toBe(200);
  return registerSecret(data.key);
}
const works = async (key: string) => (await world.callAs(key)("organizations.one")).status === 200;

async function membershipOf(email: string, { organizationId } = root): Promise<{ role: Role | null } | null> {
  const joined = await membershipsOf(world.db.owner, email);
  const found = joined.find((member) => member.organizationId === organizationId);
  return found === undefined ? null : { role: found.role };
}

/** Audit entries about the membership, oldest first. */
async function memberEntriesOf(email: string) {
  const entries = await readRows(world.db.owner, auditEntries, { objectName: email }, [
    "action",
    "changed",
    "actorKind",
  ]);
  return entries.filter(({ action }) => action.startsWith("members."));
}

async function lastReason(): Promise<string> {
  const row = await lastRow(world.db.owner, auditEntries, { outcome: "refused" }, ["reason"]);
  return row?.reason ?? "";
}

describe("a sign-in whose groups give no role", () => {
  it("groups that give no role end the membership, sessions and keys from groups before the refusal", async () => {
    const email = newPerson(["operators"]);
    const { browser } = await signInWith("grouped", ["operators"]);
    const key = await keyOf(browser, "admin");
    expect([await membershipOf(email), await works(key)]).toEqual([{ role: "admin" }, true]);
    const { location } = await signInWith("grouped", []);
    expect(location).toContain("/sign-in?error=provider_refused");
    expect(await lastReason()).toBe("no_role_for_groups");
    expect([await membershipOf(email), await isSignedIn(browser), await works(key)]).toEqual([null, false, false]);
    expect(await memberEntriesOf(email)).toEqual([
      {
        action: "members.groupsGone",
        actorKind: "system",
        changed: {
          provider: ids.get("grouped"),
          role: ["admin", null],
          membershipEnded: true,
          endedSessions: 1,
          keysRevoked: 1,
        },
      },
    ]);
  });

  it.each([
    ["the claim is absent", { groups: undefined }, "groups_missing"],
    ["the claim is null", { groups: null }, "groups_missing"],
    ["the claim is unreadable", { groups: [7] }, "groups_malformed"],
  ])("a sign-in with unknown groups is refused and ends nothing: %s", async (_, claims, reason) => {
    const email = newPerson(["operators"]);
    const { browser } = await signInWith("grouped", ["operators"]);
    const key = await keyOf(browser);
    const { location } = await signInWith("grouped", claims.groups);
    expect(location).not.toBe(home);
    expect(await lastReason()).toBe(reason);
    expect([await membershipOf(email), await isSignedIn(browser), await works(key)]).toEqual([
      { role: "admin" },
      true,
      true,
    ]);
    expect(await memberEntriesOf(email)).toEqual([]);
  });

  it("a sign-in with a groups overage of Microsoft Entra ID is refused and ends nothing", async () => {
    const email = newPerson(["operators"]);
    const { browser } = await signInWith("grouped", ["operators"]);
    for (const overage of [{ _claim_names: { groups: "src1" } }, { hasgroups: true }]) {
      idp.tamper = ({ groups: _, ...claims }) => ({ ...claims, ...overage });
      const { location } = await signInWith("grouped", undefined);
      idp.tamper = null;
      expect(location).not.toBe(home);
      expect(await lastReason()).toBe("groups_overage");
    }
    expect([await membershipOf(email), await isSignedIn(browser)]).toEqual([{ role: "admin" }, true]);
  });

  it("a role given by hand remains when the stronger role of the groups ends", async () => {
    const email = newPerson(["operators"]);
    await givenMember(world, root.organizationId, await givenPerson(world, email), "viewer");
    const { browser } = await signInWith("grouped", ["operators"]);
    const key = await keyOf(browser, "admin");
    expect(await membershipOf(email)).toEqual({ role: "admin" });
    await signInWith("grouped", ["others"]);
    expect([await membershipOf(email), await isSignedIn(browser), await works(key)]).toEqual([
      { role: "viewer" },
      false,
      false,
    ]);
    expect((await memberEntriesOf(email))[0]?.changed).toMatchObject({ role: ["admin", "viewer"], keysRevoked: 1 });
  });

  it("a stronger role given by hand does not return when the role of the groups ends", async () => {
    const email = newPerson(["staff"]);
    await givenMember(world, root.organizationId, await givenPerson(world, email), "owner");
    await signInWith("grouped", ["staff"]);
    expect(await membershipOf(email)).toEqual({ role: "viewer" });
    await signInWith("grouped", []);
    expect(await membershipOf(email)).toEqual({ role: "viewer" });
  });

  it("a role changed by hand after the sign-in remains, and the sessions of the provider end", async () => {
    const email = newPerson(["staff"]);
    const { browser } = await signInWith("grouped", ["staff"]);
    const [row] = await membershipsOf(world.db.owner, email);
    expect((await root.call("members.update", { memberId: row?.memberId, role: "developer" })).status).toBe(200);
    await signInWith("grouped", []);
    expect([await membershipOf(email), await isSignedIn(browser)]).toEqual([{ role: "developer" }, false]);
  });

  it("a member with project roles given by hand remains a member of these projects only", async () => {
    const email = newPerson(["operators"]);
    const { browser } = await signInWith("grouped", ["operators"]);
    const { data } = await browser.call<{ projectId: string }>("projects.create", { name: "Kept" });
    for (const { organizationId, memberId } of await membershipsOf(world.db.owner, email)) {
      const { projectId } = data;
      await projectRoleRows.insert(world.db.owner, { organizationId, memberId, projectId, role: "viewer" });
    }
    await signInWith("grouped", []);
    expect([await membershipOf(email), await isSignedIn(browser)]).toEqual([{ role: null }, false]);
  });

  it("groups of one provider end only the role and sessions that this provider gave", async () => {
    const email = newPerson(["operators"]);
    await signInWith("grouped", ["operators"]);
    const bySecond = await signInWith("second", ["staff"]);
    expect(await membershipOf(email)).toEqual({ role: "admin" });
    await signInWith("grouped", []);
    expect([await membershipOf(email), await isSignedIn(bySecond.browser)]).toEqual([{ role: "developer" }, true]);
    await signInWith("second", []);
    expect([await membershipOf(email), await isSignedIn(bySecond.browser)]).toEqual([null, false]);
  });

  it("a password session of a person who is a member by hand elsewhere remains", async () => {
    const email = newPerson(["staff"]);
    const person = await givenPerson(world, email);
    await signInWith("grouped", ["staff"]);
    const { browser } = await signInWith("grouped", ["staff"]);
    const newPassword = "chosen after the account was handed over";
    expect((await browser.call("auth.password.change", { newPassword })).status).toBe(200);
    await givenMember(world, (await world.organization()).organizationId, person, "viewer");
    const byPassword = newBrowser();
    expect((await byPassword.signIn("password", { email, password: newPassword })).status).toBe(200);
    await signInWith("grouped", []);
    expect([await membershipOf(email), await isSignedIn(byPassword)]).toEqual([null, true]);
  });

  it("a group that is present again restores the membership but not the keys", async () => {
    const email = newPerson(["operators"]);
    const key = await keyOf((await signInWith("grouped", ["operators"])).browser);
    await signInWith("grouped", []);
    const { location } = await signInWith("grouped", ["operators"]);
    expect([location, await membershipOf(email), await works(key)]).toEqual([home, { role: "admin" }, false]);
  });
});

describe("a sign-in whose groups are not allowed", () => {
  it("groups that are not allowed end sessions and keys of the provider, and the membership by hand remains", async () => {
    const organization = await world.organization();
    const email = newPerson(["staff"]);
    const person = await givenPerson(world, email);
    await givenMember(world, organization.organizationId, person, "developer");
    const { browser } = await signInWith("admitted", ["staff"]);
    const key = await keyOf(browser);
    expect((await signInWith("admitted", undefined)).location).not.toBe(home);
    expect([await lastReason(), await isSignedIn(browser), await works(key)]).toEqual(["groups_missing", true, true]);
    expect((await signInWith("admitted", [])).location).not.toBe(home);
    expect([await lastReason(), await isSignedIn(browser), await works(key)]).toEqual([
      "group_not_allowed",
      false,
      false,
    ]);
    expect(await membershipOf(email, organization)).toEqual({ role: "developer" });
  });

  it("groups that are not allowed at a provider of an organization end only keys from its sessions", async () => {
    const organization = await world.organization();
    const provider = { organizationId: organization.organizationId, trustedDomains: ["example.org"] };
    await insertProvider(world, idp, "own", { ...provider, allowedGroups: ["staff"] });
    const email = newPerson(["staff"]);
    const person = await givenPerson(world, email);
    await givenMember(world, organization.organizationId, person, "developer");
    const byPassword = newBrowser();
    await byPassword.signIn("password", { email, password: person.password });
    const ownKey = await keyOf(byPassword);
    const { browser } = await signInWith("own", ["staff"]);
    const byProvider = await keyOf(browser, "developer");
    const created = await world.callAs(byProvider)<{ key: string }>("keys.create", {
      name: "By a key",
      role: "viewer",
    });
    const byKey = registerSecret(created.data.key);
    await signInWith("own", ["visitors"]);
    expect([await isSignedIn(browser), await isSignedIn(byPassword)]).toEqual([false, true]);
    expect([await works(ownKey), await works(byProvider), await works(byKey)]).toEqual([true, false, false]);
  });
});

describe("the last owner whose groups give no role", () => {
  it("the last owner stays owner, with an alarm in the audit log and the log, until there is another owner", async () => {
    // Also removes the owners of other tests.
    await deleteRows(world.db.owner, members, { organizationId: root.organizationId, role: "owner" });
    const email = newPerson(["owners"]);
    const { browser } = await signInWith("grouped", ["owners"]);
    const key = await keyOf(browser, "owner");
    await signInWith("grouped", []);
    expect(await lastReason()).toBe("no_role_for_groups");
    expect([await membershipOf(email), await isSignedIn(browser), await works(key)]).toEqual([
      { role: "owner" },
      false,
      false,
    ]);
    expect((await memberEntriesOf(email)).map(({ action }) => action)).toEqual([
      "members.groupsGone",
      "members.lastOwnerKept",
    ]);
    const lines = () =>
      world
        .log()
        .split("\n")
        .filter((line) => line.includes("the last owner of an organization keeps"));
    const before = lines().length - 1;
    expect(JSON.parse(lines().at(-1) ?? "{}")).toMatchObject({ level: 50, organizationId: root.organizationId });

    // Groups with a weaker role keep the last owner too, and the log says so.
    expect((await signInWith("grouped", ["staff"])).location).toBe(home);
    expect([await membershipOf(email), lines().length - before]).toEqual([{ role: "owner" }, 2]);

    await givenMember(world, root.organizationId, owner, "owner");
    await signInWith("grouped", []);
    expect(await membershipOf(email)).toBeNull();
  });
});

describe("groups of the trusted header", () => {
  let proxies = 0;
  async function byHeader(email: string, groups: string | null) {
    proxies += 1;
    const browser = openBrowser(world, { ip: `10.1.0.${proxies}` });
    const csrfToken = await browser.formToken();
    const { status } = await browser.fetch("/api/auth/signin/trusted-header", {
      method: "POST",
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        "remote-email": email,
        ...(groups === null ? {} : { "remote-groups": groups }),
      },
      body: new URLSearchParams({ csrfToken, json: "true" }).toString(),
    });
    return { browser, status };
  }
  const newEmail = () => `h${Math.random().toString(36).slice(2)}@example.org`;
  const statusWith = async (browser: Browser, headers: Record<string, string>) =>
    (await browser.call("organizations.one", {}, headers)).status;

  it("an empty groups header ends what the groups gave, and a missing one ends nothing", async () => {
    const email = newEmail();
    const { browser } = await byHeader(email, "operators");
    const key = await keyOf(browser);
    expect((await byHeader(email, null)).status).toBe(401);
    expect([await lastReason(), await isSignedIn(browser), await works(key)]).toEqual(["groups_missing", true, true]);
    expect((await byHeader(email, "")).status).toBe(401);
    expect([await membershipOf(email), await isSignedIn(browser), await works(key)]).toEqual([null, false, false]);
    expect((await memberEntriesOf(email)).map(({ action }) => action)).toEqual(["members.groupsGone"]);
  });

  it("changed groups in the header take effect at the next request of the session", async () => {
    const email = newEmail();
    const { browser } = await byHeader(email, "operators");
    const key = await keyOf(browser);
    const headersOf = (groups: string) => ({ "remote-email": email, "remote-groups": groups });
    expect(await statusWith(browser, headersOf("operators,others"))).toBe(200);
    expect(await membershipOf(email)).toEqual({ role: "admin" });
    expect(await statusWith(browser, headersOf("staff"))).toBe(200);
    expect(await membershipOf(email)).toEqual({ role: "developer" });
    expect(await statusWith(browser, headersOf("others"))).toBe(401);
    expect([await membershipOf(email), await isSignedIn(browser), await works(key)]).toEqual([null, false, false]);
    expect((await memberEntriesOf(email)).map(({ action }) => action)).toEqual([
      "members.groupsChanged",
      "members.groupsGone",
    ]);
  });

  it.each([
    ["without the groups", (email: string) => ({ "remote-email": email })],
    ["without the address", () => ({ "remote-groups": "others" })],
    ["in the name of another person", () => ({ "remote-email": "other@example.org", "remote-groups": "others" })],
    ["with groups that are not UTF-8", (email: string) => ({ "remote-email": email, "remote-groups": "\u00ff" })],
  ])("a request %s does not change the role", async (_, headers) => {
    const email = newEmail();
    const { browser } = await byHeader(email, "operators");
    expect(await statusWith(browser, headers(email))).toBe(200);
    expect([await membershipOf(email), await isSignedIn(browser)]).toEqual([{ role: "admin" }, true]);
  });

  it("the groups header counts only from its proxies and for the sessions that it opened", async () => {
    const email = newEmail();
    const { browser } = await byHeader(email, "operators");
    const elsewhere = openBrowser(world, { ip: "203.0.113.99" });
    for (const [name, value] of browser.cookies) elsewhere.cookies.set(name, value);
    const gone = { "remote-email": email, "remote-groups": "" };
    expect(await statusWith(elsewhere, gone)).toBe(200);
    expect(await membershipOf(email)).toEqual({ role: "admin" });

    const person = await givenPerson(world);
    await givenMember(world, root.organizationId, person, "viewer");
    const byPassword = openBrowser(world, { ip: "10.1.9.9" });
    await byPassword.signIn("password", { ...person });
    expect(await statusWith(byPassword, { "remote-email": person.email, "remote-groups": "" })).toBe(200);
  });

  it("a start with changed settings ends the roles that they no longer give", async () => {
    const [staff, operator] = [newEmail(), newEmail()];
    await byHeader(staff, "staff");
    await byHeader(operator, "operators,staff");
    await ensureTrustedHeader(world.runtime, true, { staff: "viewer" });
    expect([await membershipOf(staff), await membershipOf(operator)]).toEqual([{ role: "viewer" }, { role: "viewer" }]);
    await ensureTrustedHeader(world.runtime, false);
    expect([await membershipOf(staff), await membershipOf(operator)]).toEqual([null, null]);
  });
});

describe("a change of the groups of a provider", () => {
  it("changed group roles take effect at once for the groups of the last sign-in", async () => {
    const organization = await world.organization();
    const providerId = await insertProvider(world, idp, "mapped", {
      organizationId: organization.organizationId,
      createsPersons: true,
      groupRoles: { staff: "viewer", operators: "admin" },
    });
    const staff = newPerson(["staff"]);
    const { browser } = await signInWith("mapped", ["staff"]);
    const operator = newPerson(["operators", "night"]);
    const ofOperator = await signInWith("mapped", ["operators", "night"]);
    const key = await keyOf(ofOperator.browser);
    const change = (groupRoles: Record<string, string>) =>
      organization.call("providers.update", { providerId, groupRoles });
    expect((await change({ staff: "developer", operators: "admin" })).status).toBe(200);
    expect(await membershipOf(staff, organization)).toEqual({ role: "developer" });
    expect((await change({ staff: "developer", night: "viewer" })).status).toBe(200);
    expect([await membershipOf(operator, organization), await works(key)]).toEqual([{ role: "viewer" }, true]);
    expect((await change({ night: "viewer" })).status).toBe(200);
    expect([await membershipOf(staff, organization), await isSignedIn(browser)]).toEqual([null, false]);
    expect((await memberEntriesOf(staff)).map(({ action }) => action)).toEqual([
      "members.groupsChanged",
      "members.groupsGone",
    ]);
  });

  it("removing a provider ends its roles, and keeps roles given by hand and the last owner", async () => {
    const organization = await world.organization();
    const providerId = await insertProvider(world, idp, "removed", {
      organizationId: organization.organizationId,
      createsPersons: true,
      trustedDomains: ["example.org"],
      groupRoles: { staff: "viewer", owners: "owner" },
    });
    const staff = newPerson(["staff"]);
    await signInWith("removed", ["staff"]);
    const last = newPerson(["owners"]);
    await signInWith("removed", ["owners"]);
    const byHand = newPerson(["staff"]);
    await givenMember(world, organization.organizationId, await givenPerson(world, byHand), "developer");
    await signInWith("removed", ["staff"]);
    expect((await organization.call("providers.delete", { providerId })).status).toBe(200);
    expect(await membershipOf(staff, organization)).toBeNull();
    expect(await membershipOf(last, organization)).toEqual({ role: "owner" });
    expect(await membershipOf(byHand, organization)).toEqual({ role: "viewer" });
    expect((await memberEntriesOf(last)).map(({ action }) => action)).toEqual(["members.lastOwnerKept"]);
  });
});
