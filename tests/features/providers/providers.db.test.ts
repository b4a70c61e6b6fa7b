import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { permissionsOf } from "../../../src/access/permissions";
import type { Provider } from "../../../src/features/providers/contract";
import { newId } from "../../../src/platform/ids";
import { openBrowser } from "../../support/browser";
import { type OidcProvider, startOidcProvider } from "../../support/oidc-provider";
import { insertProvider, redirectUri, signInBy, startSignIn } from "../../support/oidc-sign-in";
import { givenMember, givenPerson } from "../../support/people";
import { type GivenOrganization, openWorld, testOrigin, type World } from "../../support/world";

let world: World;
let idp: OidcProvider;
let house: GivenOrganization;
let other: GivenOrganization;
const refusedAt = `${testOrigin}/sign-in?error=provider_refused`;

beforeAll(async () => {
  world = await openWorld();
  house = await world.organization();
  other = await world.organization();
});
afterAll(async () => {
  await Promise.all([world.close(), idp?.close()]);
});
beforeEach(() => world.db.asOwner("delete from refusal_counts"));

const wanted = {
  name: "Company",
  issuer: "https://login.example.org",
  clientId: "portcullis",
  clientSecret: "a secret of the client",
};

let visitors = 0;
function newBrowser() {
  visitors += 1;
  return openBrowser(world, { ip: `198.51.100.${visitors}` });
}

/** A provider that an organization's owner made, and the real one behind it. */
async function ownProvider(organization: GivenOrganization, input: Record<string, unknown> = {}): Promise<Provider> {
  const made = await organization.call<Provider>("providers.create", { ...wanted, ...input });
  expect(made.status, made.text).toBe(200);
  await idp?.close();
  idp = await startOidcProvider({ redirectUris: [redirectUri(made.data.slug)] });
  const { clientId, clientSecret } = idp;
  const updated = await organization.call<Provider>("providers.update", {
    providerId: made.data.providerId,
    issuer: idp.issuer,
    clientId,
    clientSecret,
  });
  expect(updated.status, updated.text).toBe(200);
  return updated.data;
}

function newPerson(more: Record<string, unknown> = {}): string {
  const sub = `sub-${Math.random().toString(36).slice(2)}`;
  idp.person = { sub, email: `${sub}@example.org`, email_verified: true, ...more };
  return String(idp.person.email);
}

async function lastRefusal() {
  const [row] = await world.db.asOwner<{ reason: string; organization_id: string }>(
    "select reason, organization_id from audit_entries where outcome = 'refused' order by audit_id desc limit 1",
  );
  return row;
}

describe("an organization's providers (TM-12)", () => {
  it("are made, read, changed and removed, and never show their secret", async () => {
    const made = await house.call<Provider>("providers.create", { ...wanted, allowedDomains: ["Example.ORG"] });
    expect(made.data).toMatchObject({
      name: "Company",
      issuer: wanted.issuer,
      scopes: ["openid", "email", "profile"],
      allowedDomains: ["example.org"],
      enabled: true,
      redirectUri: `${testOrigin}/api/auth/callback/${made.data.slug}`,
    });
    expect(made.data.slug).toMatch(/^company-[0-9a-f]{10}$/);
    const { providerId } = made.data;
    const one = await house.call<Provider>("providers.one", { providerId });
    expect(one.data).toEqual(made.data);
    const changed = await house.call<Provider>("providers.update", {
      providerId,
      name: "Firm",
      clientSecret: "another secret of it",
      scopes: ["email"],
    });
    expect(changed.data).toMatchObject({ name: "Firm", scopes: ["openid", "email"], slug: made.data.slug });
    const list = await house.call<{ items: Provider[] }>("providers.list");
    expect(list.data.items.map((item) => item.name)).toContain("Firm");
    const removed = await house.call("providers.delete", { providerId });
    expect((await house.call("providers.one", { providerId })).status).toBe(404);
    const log = await world.db.asOwner<{ text: string }>(
      "select e::text as text from audit_entries e where object_id = $1 and outcome = 'done'",
      [providerId],
    );
    expect(log).toHaveLength(3);
    const everything = [made, one, changed, list, removed].map(({ text }) => text).join() + JSON.stringify(log);
    expect(everything).not.toContain("secret of");
  });

  it("have their secret sealed for their own row (TM-14)", async () => {
    const { data } = await house.call<Provider>("providers.create", wanted);
    const [row] = await world.db.asOwner<{ sealed: string }>(
      "select client_secret_sealed as sealed from oidc_providers where provider_id = $1",
      [data.providerId],
    );
    const place = `oidc_providers:client_secret_sealed:${data.providerId}` as const;
    expect(world.runtime.sealer.open(place, row?.sealed ?? "")).toEqual({ ok: true, plaintext: wanted.clientSecret });
  });

  it("are nothing to another organization", async () => {
    const { data } = await house.call<Provider>("providers.create", wanted);
    const { providerId } = data;
    for (const [verb, input] of [
      ["one", { providerId }],
      ["update", { providerId, name: "Mine" }],
      ["delete", { providerId }],
    ] as const) {
      expect((await other.call(`providers.${verb}`, input)).status).toBe(404);
    }
    const list = await other.call<{ items: Provider[] }>("providers.list");
    expect(list.data.items).toEqual([]);
  });

  it("are set up by who holds all that an owner holds: they can let in an owner (privilege escalation)", async () => {
    const admin = world.callAs(await house.key("admin"));
    expect((await admin("providers.create", wanted)).error.data.reason).toBe("key_scope");
    const roleId = newId("role");
    const words = ["provider:create", "provider:update", "provider:read"];
    await world.db.asOwner(
      "insert into roles (role_id, organization_id, name, permissions, created_at) values ($1, $2, $3, $4, now())",
      [roleId, house.organizationId, "Providers", words],
    );
    const person = await givenPerson(world);
    const memberId = await givenMember(world, house.organizationId, person, null);
    await world.db.asOwner("update members set role_id = $1 where member_id = $2", [roleId, memberId]);
    const browser = newBrowser();
    await browser.signIn("password", { email: person.email, password: person.password });
    const refused = await browser.call("providers.create", wanted);
    expect(refused.status).toBe(403);
    expect(refused.error.data.reason).toBe("provider_above_own");
    const { data } = await house.call<Provider>("providers.create", wanted);
    const change = await browser.call("providers.update", { providerId: data.providerId, allowedGroups: [] });
    expect(change.error.data.reason).toBe("provider_above_own");

    // Not even who holds everything that an administrator does.
    const more = [...new Set([...words, ...permissionsOf("admin")])];
    await world.db.asOwner("update roles set permissions = $2 where role_id = $1", [roleId, more]);
    const nearly = await browser.call("providers.create", wanted);
    expect([nearly.status, nearly.error.data.reason]).toEqual([403, "provider_above_own"]);
  });

  it.each([{ organizationId: "org_x" }, { slug: "google" }, { clientSecretSealed: "v1.x" }])(
    "take no field that is not theirs: %j (mass assignment)",
    async (more) => {
      const answer = await house.call("providers.create", { ...wanted, ...more });
      expect(answer.status).toBe(400);
      expect(Object.values(answer.error.data.fields ?? {})).toContain("unknown_field");
    },
  );

  it("give only roles of the organization", async () => {
    const roleId = newId("role");
    await world.db.asOwner(
      "insert into roles (role_id, organization_id, name, permissions, created_at) values ($1, $2, 'Theirs', $3, now())",
      [roleId, other.organizationId, ["project:read"]],
    );
    const answer = await house.call("providers.create", { ...wanted, groupRoles: { staff: roleId } });
    expect(answer.error.data.reason).toBe("unknown_role");
  });
});

describe("where this server goes for an organization's provider", () => {
  let tenant: GivenOrganization;
  beforeAll(async () => {
    tenant = await world.organization({ upstreams: "checked" });
  });

  it.each([
    [{ issuer: "http://login.example.org" }, "address_refused"],
    [{ issuer: "https://127.0.0.1" }, "address_refused"],
    [{ issuer: "https://169.254.169.254/latest" }, "address_refused"],
    [{ issuer: "https://10.0.0.1" }, "address_refused"],
    [{ issuer: "https://[::1]:8443" }, "address_refused"],
    [{ issuer: "https://2130706433" }, "address_refused"],
    [{ internalUrl: "https://login.example.org" }, "internal_url_not_allowed"],
    [{ issuer: "https://user:password@login.example.org" }, "invalid_input"],
    [{ issuer: "file:///etc/passwd" }, "invalid_input"],
    [{ issuer: "https://login.example.org/.well-known/openid-configuration" }, "invalid_input"],
    [{ issuer: "https://login.example.org/?x" }, "invalid_input"],
  ])("not into its own network: %j (SSRF)", async (input, reason) => {
    const answer = await tenant.call("providers.create", { ...wanted, ...input });
    expect(answer.error.data.reason).toBe(reason);
  });

  it("to metadata for nobody", async () => {
    const answer = await house.call("providers.create", { ...wanted, issuer: "http://169.254.169.254" });
    expect(answer.error.data.reason).toBe("address_refused");
  });

  it("and not by a name that leads there either", async () => {
    const { data } = await tenant.call<Provider>("providers.create", { ...wanted, issuer: "https://rebound.example" });
    world.dns.set("rebound.example", ["203.0.113.1", "127.0.0.1"]);
    const started = await startSignIn(newBrowser(), data.slug);
    expect(started.headers.get("location")).toBe(`${testOrigin}/sign-in?error=provider_unavailable`);
    expect(await lastRefusal()).toEqual({ reason: "provider_unavailable", organization_id: tenant.organizationId });
    expect(world.log()).toContain("a provider cannot be there");
  });
});

describe("whom an organization's provider signs in", () => {
  it("a member, for that organization alone, and not for their account", async () => {
    const provider = await ownProvider(house, { trustedDomains: ["example.org"] });
    const email = newPerson();
    const person = await givenPerson(world, email);
    await givenMember(world, other.organizationId, person, "owner");
    await givenMember(world, house.organizationId, person, "developer");
    const browser = newBrowser();
    expect((await signInBy(browser, idp, provider.slug)).location).toBe(`${testOrigin}/`);
    const { data } = await browser.call<{
      organization: { organizationId: string };
      organizations: { organizationId: string }[];
    }>("auth.session");
    expect(data.organization.organizationId).toBe(house.organizationId);
    expect(data.organizations.map(({ organizationId }) => organizationId)).toEqual([house.organizationId]);
    expect((await browser.call("projects.create", { name: "Here" })).status).toBe(200);
    const elsewhere = { "x-organization-id": other.organizationId };
    expect((await browser.call("projects.create", { name: "There" }, elsewhere)).status).toBe(404);
    expect((await browser.call("organizations.one", { organizationId: other.organizationId })).status).toBe(404);
    for (const [procedure, input] of [
      ["auth.sessions.list", {}],
      ["auth.sessions.revokeAll", {}],
      ["auth.password.change", { newPassword: "correct horse battery staple" }],
      ["auth.totp.enrol", {}],
      ["auth.passkeys.list", {}],
      ["auth.setActiveOrganization", { organizationId: other.organizationId }],
    ] as const) {
      const refused = await browser.call(procedure, input);
      expect([procedure, refused.status, refused.error?.data.reason]).toEqual([procedure, 403, "bound_session"]);
    }
  });

  it("nobody of another organization, whatever it says of them (escalation across organizations)", async () => {
    const provider = await ownProvider(house, {
      trustedDomains: ["example.org"],
      createsPersons: true,
      groupRoles: { all: "viewer" },
    });
    const email = newPerson({ groups: ["all"] });
    const person = await givenPerson(world, email);
    await givenMember(world, other.organizationId, person, "owner");
    const browser = newBrowser();
    expect((await signInBy(browser, idp, provider.slug)).location).toBe(refusedAt);
    expect(await lastRefusal()).toMatchObject({ reason: "not_a_member", organization_id: house.organizationId });
    expect(browser.cookies.has("__Host-portcullis.session")).toBe(false);
    expect(await world.db.asOwner("select * from identities where user_id = $1", [person.userId])).toEqual([]);
    expect(await world.db.asOwner("select organization_id from members where user_id = $1", [person.userId])).toEqual([
      { organization_id: other.organizationId },
    ]);
  });

  it("nobody who can sign in otherwise and is no member, though they belong nowhere: the account may be another's", async () => {
    const provider = await ownProvider(house, {
      trustedDomains: ["example.org"],
      createsPersons: true,
      groupRoles: { all: "viewer" },
    });
    const person = await givenPerson(world, newPerson({ groups: ["all"] }));
    expect((await signInBy(newBrowser(), idp, provider.slug)).location).toBe(refusedAt);
    expect((await lastRefusal())?.reason).toBe("not_a_member");
    const browser = newBrowser();
    expect((await browser.signIn("password", { email: person.email, password: person.password })).status).toBe(200);
    await world.db.asOwner("delete from sessions where user_id = $1", [person.userId]);
    await world.db.asOwner("delete from passwords where user_id = $1", [person.userId]);
    expect((await signInBy(newBrowser(), idp, provider.slug)).location).toBe(`${testOrigin}/`);
  });

  it("nobody who is new and has neither an invitation nor a group with a role", async () => {
    const provider = await ownProvider(house, { createsPersons: true });
    const email = newPerson();
    expect((await signInBy(newBrowser(), idp, provider.slug)).location).toBe(refusedAt);
    expect((await lastRefusal())?.reason).toBe("not_a_member");
    expect(await world.db.asOwner("select * from users where email = $1", [email])).toEqual([]);
  });

  it("somebody new who is invited, once, while whoever invited them still could", async () => {
    const provider = await ownProvider(house, { createsPersons: true });
    const inviter = await givenPerson(world);
    const invite = (email: string, role: string) =>
      world.db.asOwner(
        `insert into invitations (invitation_id, organization_id, email, role, hash, invited_by, created_at, expires_at)
         values ($1, $2, $3, $4, $1, $5, now(), now() + interval '1 day')`,
        [newId("invitation"), house.organizationId, email, role, inviter.userId],
      );
    await givenMember(world, house.organizationId, inviter, "admin");
    await invite(newPerson(), "owner");
    expect((await signInBy(newBrowser(), idp, provider.slug)).location).toBe(refusedAt);
    await invite(newPerson(), "developer");
    const browser = newBrowser();
    expect((await signInBy(browser, idp, provider.slug)).location).toBe(`${testOrigin}/`);
    const { data } = await browser.call<{ principal: { role: string } }>("auth.session");
    expect(data.principal.role).toBe("developer");
    await world.db.asOwner("delete from members where user_id = (select user_id from users where email = $1)", [
      String(idp.person.email),
    ]);
    expect((await signInBy(newBrowser(), idp, provider.slug)).location).toBe(refusedAt);
    const expired = newPerson();
    await invite(expired, "viewer");
    await world.db.asOwner("update invitations set expires_at = now() where email = $1", [expired]);
    expect((await signInBy(newBrowser(), idp, provider.slug)).location).toBe(refusedAt);
  });

  it("somebody new by a group, with a role of the organization's own", async () => {
    const roleId = newId("role");
    await world.db.asOwner(
      "insert into roles (role_id, organization_id, name, permissions, created_at) values ($1, $2, $3, $4, now())",
      [roleId, house.organizationId, `Deployers ${roleId}`, ["project:read", "project:create", "application:read"]],
    );
    const provider = await ownProvider(house, { createsPersons: true, groupRoles: { deployers: roleId } });
    const email = newPerson({ groups: ["deployers"] });
    const browser = newBrowser();
    expect((await signInBy(browser, idp, provider.slug)).location).toBe(`${testOrigin}/`);
    const [member] = await world.db.asOwner<{ role_id: string }>(
      "select role_id from members join users using (user_id) where email = $1",
      [email],
    );
    expect(member?.role_id).toBe(roleId);
    expect((await browser.call("projects.create", { name: "By a group" })).status).toBe(200);
  });

  it("a member no longer, when they have been removed: their session is over", async () => {
    const provider = await ownProvider(house, { trustedDomains: ["example.org"] });
    const email = newPerson();
    const person = await givenPerson(world, email);
    const memberId = await givenMember(world, house.organizationId, person, "viewer");
    const browser = newBrowser();
    await signInBy(browser, idp, provider.slug);
    expect((await browser.call("projects.list")).status).toBe(200);
    await world.db.asOwner("delete from members where member_id = $1", [memberId]);
    expect((await browser.call("projects.list")).error.data.reason).toBe("no_organization");
    expect((await signInBy(newBrowser(), idp, provider.slug)).location).toBe(refusedAt);
    expect((await lastRefusal())?.reason).toBe("not_a_member");
  });

  it("nobody any more, when it is turned off, removed, or another one: its sessions end", async () => {
    for (const end of ["slash", "off", "delete", "issuer"] as const) {
      const provider = await ownProvider(house, { trustedDomains: ["example.org"] });
      const { providerId, slug } = provider;
      const email = newPerson();
      const person = await givenPerson(world, email);
      await givenMember(world, house.organizationId, person, "viewer");
      const [browser, byPassword] = [newBrowser(), newBrowser()];
      await signInBy(browser, idp, slug);
      await byPassword.signIn("password", { email, password: person.password });
      expect((await browser.call("auth.session")).status).toBe(200);
      if (end === "off") await house.call("providers.update", { providerId, enabled: false });
      if (end === "delete") await house.call("providers.delete", { providerId });
      if (end === "slash") {
        const slashed = await house.call("providers.update", { providerId, issuer: `${idp.issuer}/` });
        expect(slashed.status).toBe(200);
        expect((await browser.call("auth.session")).status).toBe(200);
        continue;
      }
      if (end === "issuer") await house.call("providers.update", { providerId, issuer: "https://new.example" });
      expect((await browser.call("auth.session")).error.data.reason).toBe("session_ended");
      expect((await byPassword.call("auth.session")).status).toBe(200);
      if (end !== "issuer") expect((await startSignIn(newBrowser(), slug)).status).toBe(404);
      expect(await world.db.asOwner("select * from identities where user_id = $1", [person.userId])).toHaveLength(
        end === "off" ? 1 : 0,
      );
    }
  });

  it("whoever the organization requires a second factor of has shown what it asks for at its own provider", async () => {
    const provider = await ownProvider(house, { trustedDomains: ["example.org"] });
    const email = newPerson();
    const person = await givenPerson(world, email);
    await givenMember(world, house.organizationId, person, "viewer");
    const set = (on: boolean) =>
      world.db.asOwner("update organizations set require_second_factor = $1 where organization_id = $2", [
        on,
        house.organizationId,
      ]);
    await set(true);
    try {
      const [browser, byPassword] = [newBrowser(), newBrowser()];
      await signInBy(browser, idp, provider.slug);
      expect((await browser.call("projects.list")).status).toBe(200);
      await byPassword.signIn("password", { email, password: person.password });
      expect((await byPassword.call("projects.list")).error.data.reason).toBe("second_factor_enrolment_required");
    } finally {
      await set(false);
    }
  });
});

describe("the sign-in page's buttons (TM-12)", () => {
  it("are the installation's and the root organization's; another's for who names it", async () => {
    const fresh = await openWorld();
    try {
      const [first, tenant] = [
        await fresh.organization({ root: true }),
        await fresh.organization({ upstreams: "checked" }),
      ];
      const buttons = async (input: unknown = {}) =>
        (await fresh.callAs(null)<{ slug: string; name: string }[]>("auth.providers", input)).data;
      expect(await buttons()).toEqual([]);
      await insertProvider(fresh, { issuer: "https://a.example", clientId: "a", clientSecret: "a" }, "company");
      const ofFirst = await first.call<Provider>("providers.create", { ...wanted, name: "House" });
      const ofTenant = await tenant.call<Provider>("providers.create", { ...wanted, name: "Google" });
      await first.call("providers.create", { ...wanted, name: "Off", enabled: false });
      const shown = [
        { slug: "company", name: "company" },
        { slug: ofFirst.data.slug, name: "House" },
      ];
      expect(await buttons()).toEqual(shown);
      const slug = tenant.organizationId.replace("_", "-");
      expect(await buttons({ organization: slug })).toEqual([...shown, { slug: ofTenant.data.slug, name: "Google" }]);
      expect(await buttons({ organization: "nobody" })).toEqual(shown);
    } finally {
      await fresh.close();
    }
  });
});
