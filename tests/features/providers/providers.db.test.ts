import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { auditEntries, refusalCounts } from "#drizzle/audit";
import { invitations, members, users } from "#drizzle/members";
import { organizations } from "#drizzle/organizations";
import { identities, oidcProviders, passwords, sessions } from "#drizzle/persons";
import { roles } from "#drizzle/roles";
import { permissionsOf, type Role } from "#src/access/permissions";
import type { Provider } from "#src/features/providers/contract";
import { newId } from "#src/platform/ids";
import { openBrowser } from "#tests/support/browser";
import { type RunningProvider, startOidcProvider } from "#tests/support/oidc-provider";
import { insertProvider, redirectUri, signInBy, startSignIn } from "#tests/support/oidc-sign-in";
import { givenMember, givenPerson } from "#tests/support/people";
import { invitationRows, membershipsOf } from "#tests/support/rows/members";
import { roleRows } from "#tests/support/rows/roles";
import { deleteRows, lastRow, readRows, updateRows } from "#tests/support/rows/table";
import { type GivenOrganization, openWorld, testOrigin, type World } from "#tests/support/world";

let world: World;
let idp: RunningProvider;
let acme: GivenOrganization;
let other: GivenOrganization;
const refusedAt = `${testOrigin}/sign-in?error=provider_refused`;

beforeAll(async () => {
  world = await openWorld();
  acme = await world.organization();
  other = await world.organization();
});
afterAll(async () => {
  await Promise.all([world.close(), idp?.close()]);
});
beforeEach(() => deleteRows(world.db.owner, refusalCounts));

const providerInput = {
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

/** Creates a provider as the organization's owner, and starts the OIDC server behind it. */
async function createProvider(organization: GivenOrganization, input: Record<string, unknown> = {}): Promise<Provider> {
  const created = await organization.call<Provider>("providers.create", { ...providerInput, ...input });
  expect(created.status, created.text).toBe(200);
  await idp?.close();
  idp = await startOidcProvider({ redirectUris: [redirectUri(created.data.slug)] });
  const { clientId, clientSecret } = idp;
  const updated = await organization.call<Provider>("providers.update", {
    providerId: created.data.providerId,
    issuer: idp.issuer,
    clientId,
    clientSecret,
  });
  expect(updated.status, updated.text).toBe(200);
  return updated.data;
}

function newPerson(overrides: Record<string, unknown> = {}): string {
  const sub = `sub-${Math.random().toString(36).slice(2)}`;
  idp.person = { sub, email: `${sub}@example.org`, email_verified: true, ...overrides };
  return String(idp.person.email);
}

async function lastRefusal() {
  const row = await lastRow(world.db.owner, auditEntries, { outcome: "refused" }, ["reason", "organizationId"]);
  return row;
}

describe("an organization's providers (TM-12)", () => {
  it("a provider can be created, read, changed and deleted, and no response contains its secret", async () => {
    const created = await acme.call<Provider>("providers.create", {
      ...providerInput,
      allowedDomains: ["Example.ORG"],
    });
    expect(created.data).toMatchObject({
      name: "Company",
      issuer: providerInput.issuer,
      scopes: ["openid", "email", "profile"],
      allowedDomains: ["example.org"],
      enabled: true,
      redirectUri: `${testOrigin}/api/auth/callback/${created.data.slug}`,
    });
    expect(created.data.slug).toMatch(/^company-[0-9a-f]{10}$/);
    const { providerId } = created.data;
    const one = await acme.call<Provider>("providers.one", { providerId });
    expect(one.data).toEqual(created.data);
    const changed = await acme.call<Provider>("providers.update", {
      providerId,
      name: "Firm",
      clientSecret: "another secret of it",
      scopes: ["email"],
    });
    expect(changed.data).toMatchObject({ name: "Firm", scopes: ["openid", "email"], slug: created.data.slug });
    const list = await acme.call<{ items: Provider[] }>("providers.list");
    expect(list.data.items.map((item) => item.name)).toContain("Firm");
    const removed = await acme.call("providers.delete", { providerId });
    expect((await acme.call("providers.one", { providerId })).status).toBe(404);
    const log = await readRows(world.db.owner, auditEntries, { objectId: providerId, outcome: "done" });
    expect(log).toHaveLength(3);
    const everything = [created, one, changed, list, removed].map(({ text }) => text).join() + JSON.stringify(log);
    expect(everything).not.toContain("secret of");
  });

  it("the client secret is sealed for the row of its provider (TM-14)", async () => {
    const { data } = await acme.call<Provider>("providers.create", providerInput);
    const [row] = await readRows(world.db.owner, oidcProviders, { providerId: data.providerId });
    const context = `oidc_providers:client_secret_sealed:${data.providerId}` as const;
    expect(world.runtime.sealer.open(context, row?.clientSecretSealed ?? "")).toEqual({
      ok: true,
      plaintext: providerInput.clientSecret,
    });
  });

  it("a provider of another organization returns 404 and is not listed", async () => {
    const { data } = await acme.call<Provider>("providers.create", providerInput);
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

  it("creating a provider requires all permissions of an owner, because it can sign in owners (privilege escalation)", async () => {
    const admin = world.callAs(await acme.key("admin"));
    expect((await admin("providers.create", providerInput)).error.data.reason).toBe("key_scope");
    const roleId = newId("role");
    const rolePermissions = ["provider:create", "provider:update", "provider:read"];
    await roleRows.insert(world.db.owner, {
      roleId,
      organizationId: acme.organizationId,
      name: "Providers",
      permissions: rolePermissions,
    });
    const person = await givenPerson(world);
    const memberId = await givenMember(world, acme.organizationId, person, null);
    await updateRows(world.db.owner, members, { memberId }, { roleId });
    const browser = newBrowser();
    await browser.signIn("password", { email: person.email, password: person.password });
    const refused = await browser.call("providers.create", providerInput);
    expect(refused.status).toBe(403);
    expect(refused.error.data.reason).toBe("provider_above_own");
    const { data } = await acme.call<Provider>("providers.create", providerInput);
    const change = await browser.call("providers.update", { providerId: data.providerId, allowedGroups: [] });
    expect(change.error.data.reason).toBe("provider_above_own");

    // All permissions of an administrator are not enough either.
    const adminPermissions = [...new Set([...rolePermissions, ...permissionsOf("admin")])];
    await updateRows(world.db.owner, roles, { roleId }, { permissions: adminPermissions });
    const nearly = await browser.call("providers.create", providerInput);
    expect([nearly.status, nearly.error.data.reason]).toEqual([403, "provider_above_own"]);
  });

  it.each([{ organizationId: "org_x" }, { slug: "google" }, { clientSecretSealed: "v1.x" }])(
    "providers.create rejects the unknown field %j (mass assignment)",
    async (extra) => {
      const answer = await acme.call("providers.create", { ...providerInput, ...extra });
      expect(answer.status).toBe(400);
      expect(Object.values(answer.error.data.fields ?? {})).toContain("unknown_field");
    },
  );

  it("providers.create rejects a group that is mapped to a role of another organization", async () => {
    const { roleId } = await roleRows.insert(world.db.owner, { organizationId: other.organizationId, name: "Theirs" });
    const answer = await acme.call("providers.create", { ...providerInput, groupRoles: { staff: roleId } });
    expect(answer.error.data.reason).toBe("unknown_role");
  });
});

describe("address of an organization's provider", () => {
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
  ])("an organization with checked upstreams cannot create a provider with %j (SSRF)", async (input, reason) => {
    const answer = await tenant.call("providers.create", { ...providerInput, ...input });
    expect(answer.error.data.reason).toBe(reason);
  });

  it("an organization with unchecked upstreams cannot create a provider with a metadata address either (SSRF)", async () => {
    const answer = await acme.call("providers.create", { ...providerInput, issuer: "http://169.254.169.254" });
    expect(answer.error.data.reason).toBe("address_refused");
  });

  it("a sign-in fails if the host name of the provider resolves to an internal address (SSRF)", async () => {
    const { data } = await tenant.call<Provider>("providers.create", {
      ...providerInput,
      issuer: "https://rebound.example",
    });
    world.dns.set("rebound.example", ["203.0.113.1", "127.0.0.1"]);
    const started = await startSignIn(newBrowser(), data.slug);
    expect(started.headers.get("location")).toBe(`${testOrigin}/sign-in?error=provider_unavailable`);
    expect(await lastRefusal()).toEqual({ reason: "provider_unavailable", organizationId: tenant.organizationId });
    expect(world.log()).toContain("this address is not allowed for a provider");
  });
});

describe("sign-in through an organization's provider", () => {
  it("signs in a member for that organization only, without access to the settings of the person's account", async () => {
    const provider = await createProvider(acme, { trustedDomains: ["example.org"] });
    const email = newPerson();
    const person = await givenPerson(world, email);
    await givenMember(world, other.organizationId, person, "owner");
    await givenMember(world, acme.organizationId, person, "developer");
    const browser = newBrowser();
    expect((await signInBy(browser, idp, provider.slug)).location).toBe(`${testOrigin}/`);
    const { data } = await browser.call<{
      organization: { organizationId: string };
      organizations: { organizationId: string }[];
    }>("auth.session");
    expect(data.organization.organizationId).toBe(acme.organizationId);
    expect(data.organizations.map(({ organizationId }) => organizationId)).toEqual([acme.organizationId]);
    expect((await browser.call("projects.create", { name: "Here" })).status).toBe(200);
    const inOther = { "x-organization-id": other.organizationId };
    expect((await browser.call("projects.create", { name: "There" }, inOther)).status).toBe(404);
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

  it("refuses a person of another organization, regardless of the claims (escalation across organizations)", async () => {
    const provider = await createProvider(acme, {
      trustedDomains: ["example.org"],
      createsPersons: true,
      groupRoles: { all: "viewer" },
    });
    const email = newPerson({ groups: ["all"] });
    const person = await givenPerson(world, email);
    await givenMember(world, other.organizationId, person, "owner");
    const browser = newBrowser();
    expect((await signInBy(browser, idp, provider.slug)).location).toBe(refusedAt);
    expect(await lastRefusal()).toMatchObject({ reason: "not_a_member", organizationId: acme.organizationId });
    expect(browser.cookies.has("__Host-portcullis.session")).toBe(false);
    expect(await readRows(world.db.owner, identities, { userId: person.userId })).toEqual([]);
    expect(await readRows(world.db.owner, members, { userId: person.userId }, ["organizationId"])).toEqual([
      { organizationId: other.organizationId },
    ]);
  });

  it("refuses a person without a membership who has another way to sign in, because the account may not be theirs", async () => {
    const provider = await createProvider(acme, {
      trustedDomains: ["example.org"],
      createsPersons: true,
      groupRoles: { all: "viewer" },
    });
    const person = await givenPerson(world, newPerson({ groups: ["all"] }));
    expect((await signInBy(newBrowser(), idp, provider.slug)).location).toBe(refusedAt);
    expect((await lastRefusal())?.reason).toBe("not_a_member");
    const browser = newBrowser();
    expect((await browser.signIn("password", { email: person.email, password: person.password })).status).toBe(200);
    await deleteRows(world.db.owner, sessions, { userId: person.userId });
    await deleteRows(world.db.owner, passwords, { userId: person.userId });
    expect((await signInBy(newBrowser(), idp, provider.slug)).location).toBe(`${testOrigin}/`);
  });

  it("refuses a new person who has neither an invitation nor a group with a role", async () => {
    const provider = await createProvider(acme, { createsPersons: true });
    const email = newPerson();
    expect((await signInBy(newBrowser(), idp, provider.slug)).location).toBe(refusedAt);
    expect((await lastRefusal())?.reason).toBe("not_a_member");
    expect(await readRows(world.db.owner, users, { email })).toEqual([]);
  });

  it("signs in a new person with an open invitation, once, if the inviter can still grant its role", async () => {
    const provider = await createProvider(acme, { createsPersons: true });
    const inviter = await givenPerson(world);
    const invite = (email: string, role: Role) =>
      invitationRows.insert(world.db.owner, {
        organizationId: acme.organizationId,
        email,
        role,
        invitedBy: inviter.userId,
      });
    await givenMember(world, acme.organizationId, inviter, "admin");
    await invite(newPerson(), "owner");
    expect((await signInBy(newBrowser(), idp, provider.slug)).location).toBe(refusedAt);
    await invite(newPerson(), "developer");
    const browser = newBrowser();
    expect((await signInBy(browser, idp, provider.slug)).location).toBe(`${testOrigin}/`);
    const { data } = await browser.call<{ principal: { role: string } }>("auth.session");
    expect(data.principal.role).toBe("developer");
    for (const { memberId } of await membershipsOf(world.db.owner, String(idp.person.email))) {
      await deleteRows(world.db.owner, members, { memberId });
    }
    expect((await signInBy(newBrowser(), idp, provider.slug)).location).toBe(refusedAt);
    const expired = newPerson();
    await invite(expired, "viewer");
    await updateRows(world.db.owner, invitations, { email: expired }, { expiresAt: new Date() });
    expect((await signInBy(newBrowser(), idp, provider.slug)).location).toBe(refusedAt);
  });

  it("signs in a new person whose group is mapped to a custom role", async () => {
    const { roleId } = await roleRows.insert(world.db.owner, {
      organizationId: acme.organizationId,
      permissions: ["project:read", "project:create", "application:read"],
    });
    const provider = await createProvider(acme, { createsPersons: true, groupRoles: { deployers: roleId } });
    const email = newPerson({ groups: ["deployers"] });
    const browser = newBrowser();
    expect((await signInBy(browser, idp, provider.slug)).location).toBe(`${testOrigin}/`);
    const [member] = await membershipsOf(world.db.owner, email);
    expect(member?.roleId).toBe(roleId);
    expect((await browser.call("projects.create", { name: "By a group" })).status).toBe(200);
  });

  it("refuses a removed member, whose session has no access any longer", async () => {
    const provider = await createProvider(acme, { trustedDomains: ["example.org"] });
    const email = newPerson();
    const person = await givenPerson(world, email);
    const memberId = await givenMember(world, acme.organizationId, person, "viewer");
    const browser = newBrowser();
    await signInBy(browser, idp, provider.slug);
    expect((await browser.call("projects.list")).status).toBe(200);
    await deleteRows(world.db.owner, members, { memberId });
    expect((await browser.call("projects.list")).error.data.reason).toBe("no_organization");
    expect((await signInBy(newBrowser(), idp, provider.slug)).location).toBe(refusedAt);
    expect((await lastRefusal())?.reason).toBe("not_a_member");
  });

  it("disabling or deleting a provider, or changing its issuer, ends its sessions", async () => {
    for (const end of ["slash", "off", "delete", "issuer"] as const) {
      const provider = await createProvider(acme, { trustedDomains: ["example.org"] });
      const { providerId, slug } = provider;
      const email = newPerson();
      const person = await givenPerson(world, email);
      await givenMember(world, acme.organizationId, person, "viewer");
      const [browser, byPassword] = [newBrowser(), newBrowser()];
      await signInBy(browser, idp, slug);
      await byPassword.signIn("password", { email, password: person.password });
      expect((await browser.call("auth.session")).status).toBe(200);
      if (end === "off") await acme.call("providers.update", { providerId, enabled: false });
      if (end === "delete") await acme.call("providers.delete", { providerId });
      if (end === "slash") {
        const slashed = await acme.call("providers.update", { providerId, issuer: `${idp.issuer}/` });
        expect(slashed.status).toBe(200);
        expect((await browser.call("auth.session")).status).toBe(200);
        continue;
      }
      if (end === "issuer") await acme.call("providers.update", { providerId, issuer: "https://new.example" });
      expect((await browser.call("auth.session")).error.data.reason).toBe("session_ended");
      expect((await byPassword.call("auth.session")).status).toBe(200);
      if (end !== "issuer") expect((await startSignIn(newBrowser(), slug)).status).toBe(404);
      expect(await readRows(world.db.owner, identities, { userId: person.userId })).toHaveLength(end === "off" ? 1 : 0);
    }
  });

  it("a sign-in through the organization's own provider satisfies its requirement of a second factor", async () => {
    const provider = await createProvider(acme, { trustedDomains: ["example.org"] });
    const email = newPerson();
    const person = await givenPerson(world, email);
    await givenMember(world, acme.organizationId, person, "viewer");
    const set = (on: boolean) =>
      updateRows(world.db.owner, organizations, { organizationId: acme.organizationId }, { requireSecondFactor: on });
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

describe("auth.providers (TM-12)", () => {
  it("lists providers of the installation and the root organization, and of another organization only by its name", async () => {
    const fresh = await openWorld();
    try {
      const [rootOrganization, tenant] = [
        await fresh.organization({ root: true }),
        await fresh.organization({ upstreams: "checked" }),
      ];
      const providers = async (input: unknown = {}) =>
        (await fresh.callAs(null)<{ slug: string; name: string }[]>("auth.providers", input)).data;
      expect(await providers()).toEqual([]);
      await insertProvider(fresh, { issuer: "https://a.example", clientId: "a", clientSecret: "a" }, "company");
      const rootProvider = await rootOrganization.call<Provider>("providers.create", {
        ...providerInput,
        name: "House",
      });
      const tenantProvider = await tenant.call<Provider>("providers.create", { ...providerInput, name: "Google" });
      await rootOrganization.call("providers.create", { ...providerInput, name: "Off", enabled: false });
      const listed = [
        { slug: "company", name: "company" },
        { slug: rootProvider.data.slug, name: "House" },
      ];
      expect(await providers()).toEqual(listed);
      const slug = tenant.organizationId.replace("_", "-");
      expect(await providers({ organization: slug })).toEqual([
        ...listed,
        { slug: tenantProvider.data.slug, name: "Google" },
      ]);
      expect(await providers({ organization: "unknown" })).toEqual(listed);
    } finally {
      await fresh.close();
    }
  });
});
