import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Role } from "../../src/access/permissions";
import type { TrustedHeader } from "../../src/access/runtime";
import { ensureTrustedHeader } from "../../src/features/providers/ensure-trusted-header";
import { type Browser, openBrowser } from "../support/browser";
import { type OidcProvider, startOidcProvider } from "../support/oidc-provider";
import { insertProvider, redirectUri, signInBy } from "../support/oidc-sign-in";
import { type GivenPerson, givenMember, givenPerson } from "../support/people";
import { registerSecret } from "../support/secrets";
import { type GivenOrganization, openWorld, testOrigin, type World } from "../support/world";

let world: World;
let idp: OidcProvider;
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
  const group_roles = { staff: "viewer", operators: "admin", owners: "owner" };
  const main = { trusted_domains: ["example.org"], creates_persons: true };
  const insert = async (slug: string, more: Record<string, unknown>) =>
    void ids.set(slug, await insertProvider(world, idp, slug, { ...main, ...more }));
  await insert("grouped", { group_roles });
  await insert("second", { group_roles: { staff: "developer" } });
  await insert("admitted", { allowed_groups: ["staff"] });
});
afterAll(() => Promise.all([world.close(), idp.close()]));
beforeEach(() => world.db.asOwner("delete from refusal_counts"));

let visitors = 0;
function newBrowser(): Browser {
  visitors += 1;
  return openBrowser(world, { ip: `198.51.100.${visitors}` });
}

/** Somebody new at the provider. */
function newPerson(groups: unknown): string {
  const sub = `sub-${Math.random().toString(36).slice(2)}`;
  idp.person = { sub, email: `${sub}@example.org`, email_verified: true, groups };
  return `${sub}@example.org`;
}

/** Signs in with these groups now. */
async function comeWith(slug: string, groups: unknown, more: Record<string, unknown> = {}) {
  idp.person = { ...idp.person, groups, ...more };
  const browser = newBrowser();
  const { location } = await signInBy(browser, idp, slug);
  return { browser, location };
}

const home = `${testOrigin}/`;
const isIn = async (browser: Browser) => (await browser.call("auth.session")).status === 200;

async function keyOf(browser: Browser, role: Role = "viewer"): Promise<string> {
  const { status, data } = await browser.call<{ key: string }>("keys.create", { name: "By a session", role });
  expect(status).toBe(200);
  return registerSecret(data.key);
}
const works = async (key: string) => (await world.callAs(key)("organizations.one")).status === 200;

async function membershipOf(email: string, { organizationId } = root): Promise<{ role: Role | null } | null> {
  const [row] = await world.db.asOwner<{ role: Role | null }>(
    "select m.role from members m join users u using (user_id) where u.email = $1 and m.organization_id = $2",
    [email, organizationId],
  );
  return row ?? null;
}

/** Entries that are no sign-in, oldest first. */
async function audited(email: string) {
  return world.db.asOwner<{ action: string; changed: Record<string, unknown>; actor_kind: string }>(
    "select action, changed, actor_kind from audit_entries where object_name = $1 and action like 'members.%' order by audit_id",
    [email],
  );
}

async function lastReason(): Promise<string> {
  const [row] = await world.db.asOwner<{ reason: string }>(
    "select reason from audit_entries where outcome = 'refused' order by audit_id desc limit 1",
  );
  return row?.reason ?? "";
}

describe("a list of groups without any that gives a role", () => {
  it("ends the membership, the sessions and the keys that the groups gave, before the refusal is answered", async () => {
    const email = newPerson(["operators"]);
    const { browser } = await comeWith("grouped", ["operators"]);
    const key = await keyOf(browser, "admin");
    expect([await membershipOf(email), await works(key)]).toEqual([{ role: "admin" }, true]);
    const { location } = await comeWith("grouped", []);
    expect(location).toContain("/sign-in?error=provider_refused");
    expect(await lastReason()).toBe("no_role_for_groups");
    expect([await membershipOf(email), await isIn(browser), await works(key)]).toEqual([null, false, false]);
    expect(await audited(email)).toEqual([
      {
        action: "members.groupsGone",
        actor_kind: "system",
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
  ])(
    "is told from not knowing the groups: when %s, the sign-in is refused and nothing ends",
    async (_, claims, reason) => {
      const email = newPerson(["operators"]);
      const { browser } = await comeWith("grouped", ["operators"]);
      const key = await keyOf(browser);
      const { location } = await comeWith("grouped", claims.groups);
      expect(location).not.toBe(home);
      expect(await lastReason()).toBe(reason);
      expect([await membershipOf(email), await isIn(browser), await works(key)]).toEqual([
        { role: "admin" },
        true,
        true,
      ]);
      expect(await audited(email)).toEqual([]);
    },
  );

  it("refuses and ends nothing when the provider says that the groups are elsewhere (overage of Microsoft Entra ID)", async () => {
    const email = newPerson(["operators"]);
    const { browser } = await comeWith("grouped", ["operators"]);
    for (const overage of [{ _claim_names: { groups: "src1" } }, { hasgroups: true }]) {
      idp.tamper = ({ groups: _, ...claims }) => ({ ...claims, ...overage });
      const { location } = await comeWith("grouped", undefined);
      idp.tamper = null;
      expect(location).not.toBe(home);
      expect(await lastReason()).toBe("groups_overage");
    }
    expect([await membershipOf(email), await isIn(browser)]).toEqual([{ role: "admin" }, true]);
  });

  it("leaves the role that was given by hand, and nothing of what the groups added to it", async () => {
    const email = newPerson(["operators"]);
    await givenMember(world, root.organizationId, await givenPerson(world, email), "viewer");
    const { browser } = await comeWith("grouped", ["operators"]);
    const key = await keyOf(browser, "admin");
    expect(await membershipOf(email)).toEqual({ role: "admin" });
    await comeWith("grouped", ["others"]);
    expect([await membershipOf(email), await isIn(browser), await works(key)]).toEqual([
      { role: "viewer" },
      false,
      false,
    ]);
    expect((await audited(email))[0]?.changed).toMatchObject({ role: ["admin", "viewer"], keysRevoked: 1 });
  });

  it("never raises anybody: a role by hand that holds more than the groups' role does not come back", async () => {
    const email = newPerson(["staff"]);
    await givenMember(world, root.organizationId, await givenPerson(world, email), "owner");
    await comeWith("grouped", ["staff"]);
    expect(await membershipOf(email)).toEqual({ role: "viewer" });
    await comeWith("grouped", []);
    expect(await membershipOf(email)).toEqual({ role: "viewer" });
  });

  it("leaves a member whose role was changed by hand since, without the sessions of the provider", async () => {
    const email = newPerson(["staff"]);
    const { browser } = await comeWith("grouped", ["staff"]);
    const [row] = await world.db.asOwner<{ member_id: string }>(
      "select member_id from members m join users u using (user_id) where u.email = $1",
      [email],
    );
    expect((await root.call("members.update", { memberId: row?.member_id, role: "developer" })).status).toBe(200);
    await comeWith("grouped", []);
    expect([await membershipOf(email), await isIn(browser)]).toEqual([{ role: "developer" }, false]);
  });

  it("leaves a member of projects only, where somebody gave roles at projects by hand", async () => {
    const email = newPerson(["operators"]);
    const { browser } = await comeWith("grouped", ["operators"]);
    const { data } = await browser.call<{ projectId: string }>("projects.create", { name: "Kept" });
    await world.db.asOwner(
      `insert into project_roles (project_role_id, organization_id, project_id, member_id, role, created_at)
       select 'prl_' || member_id, organization_id, $2, member_id, 'viewer', now() from members join users using (user_id) where email = $1`,
      [email, data.projectId],
    );
    await comeWith("grouped", []);
    expect([await membershipOf(email), await isIn(browser)]).toEqual([{ role: null }, false]);
  });

  it("leaves what another provider's groups give, and ends only its own", async () => {
    const email = newPerson(["operators"]);
    await comeWith("grouped", ["operators"]);
    const bySecond = await comeWith("second", ["staff"]);
    expect(await membershipOf(email)).toEqual({ role: "admin" });
    await comeWith("grouped", []);
    expect([await membershipOf(email), await isIn(bySecond.browser)]).toEqual([{ role: "developer" }, true]);
    await comeWith("second", []);
    expect([await membershipOf(email), await isIn(bySecond.browser)]).toEqual([null, false]);
  });

  it("leaves the sessions and keys of a person with a password, who is a member by hand, that are no provider's", async () => {
    const email = newPerson(["staff"]);
    const person = await givenPerson(world, email);
    await comeWith("grouped", ["staff"]);
    const { browser } = await comeWith("grouped", ["staff"]);
    const newPassword = "chosen after the account was handed over";
    expect((await browser.call("auth.password.change", { newPassword })).status).toBe(200);
    await givenMember(world, (await world.organization()).organizationId, person, "viewer");
    const byPassword = newBrowser();
    expect((await byPassword.signIn("password", { email, password: newPassword })).status).toBe(200);
    await comeWith("grouped", []);
    expect([await membershipOf(email), await isIn(byPassword)]).toEqual([null, true]);
  });

  it("gives everything back but the keys when the group is there again", async () => {
    const email = newPerson(["operators"]);
    const key = await keyOf((await comeWith("grouped", ["operators"])).browser);
    await comeWith("grouped", []);
    const { location } = await comeWith("grouped", ["operators"]);
    expect([location, await membershipOf(email), await works(key)]).toEqual([home, { role: "admin" }, false]);
  });
});

describe("a list of groups without any that lets in", () => {
  it("ends the provider's sessions and the keys of a person who has no other way in; the membership by hand stays", async () => {
    const organization = await world.organization();
    const email = newPerson(["staff"]);
    const person = await givenPerson(world, email);
    await givenMember(world, organization.organizationId, person, "developer");
    const { browser } = await comeWith("admitted", ["staff"]);
    const key = await keyOf(browser);
    expect((await comeWith("admitted", undefined)).location).not.toBe(home);
    expect([await lastReason(), await isIn(browser), await works(key)]).toEqual(["groups_missing", true, true]);
    expect((await comeWith("admitted", [])).location).not.toBe(home);
    expect([await lastReason(), await isIn(browser), await works(key)]).toEqual(["group_not_allowed", false, false]);
    expect(await membershipOf(email, organization)).toEqual({ role: "developer" });
  });

  it("ends, at an organization's own provider, only the keys that were created in its sessions", async () => {
    const organization = await world.organization();
    const provider = { organization_id: organization.organizationId, trusted_domains: ["example.org"] };
    await insertProvider(world, idp, "own", { ...provider, allowed_groups: ["staff"] });
    const email = newPerson(["staff"]);
    const person = await givenPerson(world, email);
    await givenMember(world, organization.organizationId, person, "developer");
    const byPassword = newBrowser();
    await byPassword.signIn("password", { email, password: person.password });
    const own = await keyOf(byPassword);
    const { browser } = await comeWith("own", ["staff"]);
    const byProvider = await keyOf(browser, "developer");
    const made = await world.callAs(byProvider)<{ key: string }>("keys.create", { name: "By a key", role: "viewer" });
    const byKey = registerSecret(made.data.key);
    await comeWith("own", ["visitors"]);
    expect([await isIn(browser), await isIn(byPassword)]).toEqual([false, true]);
    expect([await works(own), await works(byProvider), await works(byKey)]).toEqual([true, false, false]);
  });
});

describe("the last owner whose groups are gone", () => {
  it("stays owner, with an alarm in the audit log and in the log, until there is another one", async () => {
    // Of other tests as well.
    await world.db.asOwner("delete from members where organization_id = $1 and role = 'owner'", [root.organizationId]);
    const email = newPerson(["owners"]);
    const { browser } = await comeWith("grouped", ["owners"]);
    const key = await keyOf(browser, "owner");
    await comeWith("grouped", []);
    expect(await lastReason()).toBe("no_role_for_groups");
    expect([await membershipOf(email), await isIn(browser), await works(key)]).toEqual([
      { role: "owner" },
      false,
      false,
    ]);
    expect((await audited(email)).map(({ action }) => action)).toEqual(["members.groupsGone", "members.lastOwnerKept"]);
    const lines = () =>
      world
        .log()
        .split("\n")
        .filter((line) => line.includes("the last owner of an organization keeps"));
    const before = lines().length - 1;
    expect(JSON.parse(lines().at(-1) ?? "{}")).toMatchObject({ level: 50, organizationId: root.organizationId });

    // A role that is less than an owner's keeps the last owner too, and says so.
    expect((await comeWith("grouped", ["staff"])).location).toBe(home);
    expect([await membershipOf(email), lines().length - before]).toEqual([{ role: "owner" }, 2]);

    await givenMember(world, root.organizationId, owner, "owner");
    await comeWith("grouped", []);
    expect(await membershipOf(email)).toBeNull();
  });
});

describe("the trusted header", () => {
  let proxies = 0;
  async function byHeader(email: string, groups: string | null) {
    proxies += 1;
    const browser = openBrowser(world, { ip: `10.1.0.${proxies}` });
    const { csrfToken } = (await (await browser.fetch("/api/auth/csrf")).json()) as { csrfToken: string };
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
  const asked = async (browser: Browser, headers: Record<string, string>) =>
    (await browser.call("organizations.one", {}, headers)).status;

  it("ends what its groups gave at a sign-in with an empty list, and nothing at one without the header", async () => {
    const email = newEmail();
    const { browser } = await byHeader(email, "operators");
    const key = await keyOf(browser);
    expect((await byHeader(email, null)).status).toBe(401);
    expect([await lastReason(), await isIn(browser), await works(key)]).toEqual(["groups_missing", true, true]);
    expect((await byHeader(email, "")).status).toBe(401);
    expect([await membershipOf(email), await isIn(browser), await works(key)]).toEqual([null, false, false]);
    expect((await audited(email)).map(({ action }) => action)).toEqual(["members.groupsGone"]);
  });

  it("is followed in every request of a session that it opened: other groups count at once", async () => {
    const email = newEmail();
    const { browser } = await byHeader(email, "operators");
    const key = await keyOf(browser);
    const says = (groups: string) => ({ "remote-email": email, "remote-groups": groups });
    expect(await asked(browser, says("operators,others"))).toBe(200);
    expect(await membershipOf(email)).toEqual({ role: "admin" });
    expect(await asked(browser, says("staff"))).toBe(200);
    expect(await membershipOf(email)).toEqual({ role: "developer" });
    expect(await asked(browser, says("others"))).toBe(401);
    expect([await membershipOf(email), await isIn(browser), await works(key)]).toEqual([null, false, false]);
    expect((await audited(email)).map(({ action }) => action)).toEqual(["members.groupsChanged", "members.groupsGone"]);
  });

  it.each([
    ["without the groups", (email: string) => ({ "remote-email": email })],
    ["without the address", () => ({ "remote-groups": "others" })],
    ["in the name of another person", () => ({ "remote-email": "other@example.org", "remote-groups": "others" })],
    ["with groups that are no UTF-8", (email: string) => ({ "remote-email": email, "remote-groups": "\u00ff" })],
  ])("changes nothing in a request %s", async (_, headers) => {
    const email = newEmail();
    const { browser } = await byHeader(email, "operators");
    expect(await asked(browser, headers(email))).toBe(200);
    expect([await membershipOf(email), await isIn(browser)]).toEqual([{ role: "admin" }, true]);
  });

  it("is believed from its proxies alone, and about the sessions that it opened", async () => {
    const email = newEmail();
    const { browser } = await byHeader(email, "operators");
    const elsewhere = openBrowser(world, { ip: "203.0.113.99" });
    for (const [name, value] of browser.cookies) elsewhere.cookies.set(name, value);
    const gone = { "remote-email": email, "remote-groups": "" };
    expect(await asked(elsewhere, gone)).toBe(200);
    expect(await membershipOf(email)).toEqual({ role: "admin" });

    const person = await givenPerson(world);
    await givenMember(world, root.organizationId, person, "viewer");
    const byPassword = openBrowser(world, { ip: "10.1.9.9" });
    await byPassword.signIn("password", { ...person });
    expect(await asked(byPassword, { "remote-email": person.email, "remote-groups": "" })).toBe(200);
  });

  it("gives the roles of the settings of the last start: what they no longer give ends", async () => {
    const [staff, operator] = [newEmail(), newEmail()];
    await byHeader(staff, "staff");
    await byHeader(operator, "operators,staff");
    await ensureTrustedHeader(world.runtime, true, { staff: "viewer" });
    expect([await membershipOf(staff), await membershipOf(operator)]).toEqual([{ role: "viewer" }, { role: "viewer" }]);
    await ensureTrustedHeader(world.runtime, false);
    expect([await membershipOf(staff), await membershipOf(operator)]).toEqual([null, null]);
  });
});

describe("a provider whose groups give other roles", () => {
  it("gives them at once, by the groups that it named last, and ends what no group gives any more", async () => {
    const organization = await world.organization();
    const providerId = await insertProvider(world, idp, "mapped", {
      organization_id: organization.organizationId,
      creates_persons: true,
      group_roles: { staff: "viewer", operators: "admin" },
    });
    const staff = newPerson(["staff"]);
    const { browser } = await comeWith("mapped", ["staff"]);
    const operator = newPerson(["operators", "night"]);
    const ofOperator = await comeWith("mapped", ["operators", "night"]);
    const key = await keyOf(ofOperator.browser);
    const change = (groupRoles: Record<string, string>) =>
      organization.call("providers.update", { providerId, groupRoles });
    expect((await change({ staff: "developer", operators: "admin" })).status).toBe(200);
    expect(await membershipOf(staff, organization)).toEqual({ role: "developer" });
    expect((await change({ staff: "developer", night: "viewer" })).status).toBe(200);
    expect([await membershipOf(operator, organization), await works(key)]).toEqual([{ role: "viewer" }, true]);
    expect((await change({ night: "viewer" })).status).toBe(200);
    expect([await membershipOf(staff, organization), await isIn(browser)]).toEqual([null, false]);
    expect((await audited(staff)).map(({ action }) => action)).toEqual(["members.groupsChanged", "members.groupsGone"]);
  });

  it("gives nothing any more when it is removed; roles by hand and the last owner stay", async () => {
    const organization = await world.organization();
    const providerId = await insertProvider(world, idp, "removed", {
      organization_id: organization.organizationId,
      creates_persons: true,
      trusted_domains: ["example.org"],
      group_roles: { staff: "viewer", owners: "owner" },
    });
    const staff = newPerson(["staff"]);
    await comeWith("removed", ["staff"]);
    const last = newPerson(["owners"]);
    await comeWith("removed", ["owners"]);
    const byHand = newPerson(["staff"]);
    await givenMember(world, organization.organizationId, await givenPerson(world, byHand), "developer");
    await comeWith("removed", ["staff"]);
    expect((await organization.call("providers.delete", { providerId })).status).toBe(200);
    expect(await membershipOf(staff, organization)).toBeNull();
    expect(await membershipOf(last, organization)).toEqual({ role: "owner" });
    expect(await membershipOf(byHand, organization)).toEqual({ role: "viewer" });
    expect((await audited(last)).map(({ action }) => action)).toEqual(["members.lastOwnerKept"]);
  });
});
