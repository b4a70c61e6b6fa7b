import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { refusalCounts } from "#drizzle/audit";
import { identities, oidcProviders } from "#drizzle/persons";
import type { Provider } from "#src/features/providers/contract";
import { type Browser, openBrowser } from "#tests/support/browser";
import { type RunningProvider, startOidcProvider } from "#tests/support/oidc-provider";
import { insertProvider, redirectUri, signInBy } from "#tests/support/oidc-sign-in";
import { givenMember, givenPerson } from "#tests/support/people";
import { deleteRows, readRows, updateRows } from "#tests/support/rows/table";
import { type GivenOrganization, openWorld, testOrigin, type World } from "#tests/support/world";

/** Behaves like Microsoft Entra ID: tokens have no `email_verified`, and the issuer contains the tenant's id. */
const issuer = "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0";

let world: World;
let entra: RunningProvider;
let acme: GivenOrganization;
let root: GivenOrganization;
const ids = new Map<string, string>();

beforeAll(async () => {
  world = await openWorld();
  acme = await world.organization();
  root = await world.organization({ root: true });
  const slugs = ["by-default", "by-edov", "by-domain", "acme", "narrowed"];
  entra = await startOidcProvider({ issuer, redirectUris: slugs.map(redirectUri), claimsInToken: true });
  const common = { internalUrl: entra.url, trustedDomains: ["example.org"], createsPersons: true };
  const add = async (slug: string, overrides: Record<string, unknown>) =>
    void ids.set(slug, await insertProvider(world, entra, slug, { ...common, ...overrides }));
  await add("by-default", {});
  await add("by-edov", { emailProof: "xms_edov" });
  await add("by-domain", { emailProof: "trusted_domains" });
  await add("acme", { organizationId: acme.organizationId });
  await add("narrowed", { organizationId: acme.organizationId, emailProof: "trusted_domains" });
});
afterAll(() => Promise.all([world.close(), entra.close()]));
beforeEach(async () => {
  entra.tamper = null;
  await deleteRows(world.db.owner, refusalCounts);
});

let visitors = 0;

/** Signs in as a new person whose token also contains these claims. */
async function signInNewPerson(slug: string, claims: Record<string, unknown> = {}, email?: string | null) {
  const sub = `sub-${Math.random().toString(36).slice(2)}`;
  const address = email ?? `${sub}@example.org`;
  entra.person = { sub, email: email === null ? undefined : address };
  entra.tamper = ({ email_verified: _, ...token }) => ({ ...token, ...claims });
  visitors += 1;
  const browser: Browser = openBrowser(world, { ip: `198.51.100.${visitors}` });
  const { location } = await signInBy(browser, entra, slug);
  const error = new URL(location ?? "").searchParams.get("error");
  return { email: address, sub, browser, error };
}

const refusalAt = async ({ call }: GivenOrganization, providerId: string) =>
  (await call<Provider>("providers.one", { providerId })).data.lastRefusal;

describe("a provider without email_verified (Microsoft Entra ID)", () => {
  it("refuses a sign-in by default; the person sees an error code, the administrator sees the reason at the provider", async () => {
    const { error } = await signInNewPerson("acme");
    expect(error).toBe("provider_email_unverified");
    const refusal = await refusalAt(acme, ids.get("acme") ?? "");
    expect(refusal).toEqual({
      reason: "email_unverified",
      count: 1,
      at: expect.stringMatching(/^\d{4}-.*Z$/),
      message: expect.stringMatching(/xms_edov.*trusted_domains/),
    });
    await signInNewPerson("acme");
    expect(await refusalAt(acme, ids.get("acme") ?? "")).toMatchObject({ count: 2 });
    expect(JSON.stringify(await refusalAt(acme, ids.get("acme") ?? ""))).not.toContain("@");
  });

  it.each([true, "1", 1, "true"])("accepts xms_edov as a proof if the provider is set to it: %j", async (xms_edov) => {
    const { error, browser } = await signInNewPerson("by-edov", { xms_edov });
    expect([error, (await browser.call("auth.session")).status]).toEqual([null, 200]);
  });

  it.each([{}, { xms_edov: false }, { xms_edov: "0" }, { xms_edov: "yes" }, { email_verified: true }])(
    "refuses a sign-in with the claims %j if the proof is xms_edov",
    async (claims) => {
      expect((await signInNewPerson("by-edov", claims)).error).toBe("provider_email_unverified");
    },
  );

  it("accepts a trusted domain as a proof if the provider is set to it, and no other domain", async () => {
    expect((await signInNewPerson("by-domain")).error).toBeNull();
    expect((await signInNewPerson("by-domain", {}, "ada@elsewhere.example")).error).toBe("provider_email_unverified");
    expect((await signInNewPerson("by-domain", { email_verified: false })).error).toBe("provider_email_unverified");
  });

  it("never opens an existing account for an unproven address", async () => {
    for (const [slug, claims, domain] of [
      ["by-default", { xms_edov: true }, "example.org"],
      ["by-edov", {}, "example.org"],
      ["by-edov", { xms_edov: "false" }, "example.org"],
      ["by-domain", {}, "elsewhere.example"],
      ["by-domain", { email_verified: false }, "example.org"],
    ] as const) {
      const victim = await givenPerson(world, `v${Math.random().toString(36).slice(2)}@${domain}`);
      const { error, sub, browser } = await signInNewPerson(slug, claims, victim.email);
      expect(error).toBe("provider_email_unverified");
      expect((await browser.call("auth.session")).status).toBe(401);
      expect(await readRows(world.db.owner, identities, { subject: sub })).toEqual([]);
    }
  });

  it("returns the same error for an unproven address whether or not an allow-list contains it", async () => {
    await updateRows(
      world.db.owner,
      oidcProviders,
      { slug: "by-default" },
      { allowedEmails: ["in@example.org"], allowedGroups: ["staff"] },
    );
    const errorFor = async (email: string) => (await signInNewPerson("by-default", { groups: [] }, email)).error;
    expect(await errorFor("in@example.org")).toBe("provider_email_unverified");
    expect(await errorFor("out@example.org")).toBe("provider_email_unverified");
    await updateRows(world.db.owner, oidcProviders, { slug: "by-default" }, { allowedEmails: [], allowedGroups: [] });
  });

  it("returns a specific error for a token without an address or without groups", async () => {
    expect((await signInNewPerson("by-default", {}, null)).error).toBe("provider_email_missing");
    await updateRows(world.db.owner, oidcProviders, { slug: "by-domain" }, { allowedGroups: ["staff"] });
    expect((await signInNewPerson("by-domain")).error).toBe("provider_groups_unknown");
    await updateRows(world.db.owner, oidcProviders, { slug: "by-domain" }, { allowedGroups: [] });
  });
});

describe("emailProof", () => {
  const providerInput = { name: "Entra", issuer, clientId: "portcullis" };

  it("emailProof is email_verified by default, and a changed value is kept", async () => {
    const created = await acme.call<Provider>("providers.create", providerInput);
    expect(created.data).toMatchObject({ emailProof: "email_verified", lastRefusal: null, fromSettings: false });
    const { providerId } = created.data;
    const changed = await acme.call<Provider>("providers.update", { providerId, emailProof: "xms_edov" });
    expect(changed.data.emailProof).toBe("xms_edov");
  });

  it("trusted domains are accepted as a proof only with domains and a single-tenant issuer, on create and update", async () => {
    const common = "https://login.microsoftonline.com/common/v2.0";
    const reasonOf = async (procedure: string, input: object) =>
      (await acme.call(procedure, input)).error?.data.reason ?? null;
    const byDomain = { ...providerInput, emailProof: "trusted_domains" };
    const domains = { trustedDomains: ["example.org"] };
    expect(await reasonOf("providers.create", byDomain)).toBe("trusted_domains_missing");
    expect(await reasonOf("providers.create", { ...byDomain, ...domains, issuer: common })).toBe(
      "issuer_of_many_tenants",
    );
    const created = await acme.call<Provider>("providers.create", { ...byDomain, ...domains });
    expect(created.status).toBe(200);
    const { providerId } = created.data;
    expect(await reasonOf("providers.update", { providerId, trustedDomains: [] })).toBe("trusted_domains_missing");
    expect(await reasonOf("providers.update", { providerId, issuer: common })).toBe("issuer_of_many_tenants");
    const other = await acme.call<Provider>("providers.create", { ...providerInput, ...domains, issuer: common });
    const change = { providerId: other.data.providerId, emailProof: "trusted_domains" };
    expect(await reasonOf("providers.update", change)).toBe("issuer_of_many_tenants");
  });
});

describe("lastRefusal", () => {
  it("only the root organization sees the last refusal at a provider of the settings, and cannot change the provider", async () => {
    await signInNewPerson("by-edov");
    const listed = async ({ call }: GivenOrganization) =>
      (await call<{ items: Provider[] }>("providers.list", { limit: 100 })).data.items;
    const found = (await listed(root)).find(({ slug }) => slug === "by-edov");
    expect(found).toMatchObject({ fromSettings: true, lastRefusal: { reason: "email_unverified" } });
    expect((await listed(acme)).filter(({ fromSettings }) => fromSettings)).toEqual([]);
    for (const [procedure, input] of [
      ["providers.update", { providerId: found?.providerId, enabled: false }],
      ["providers.delete", { providerId: found?.providerId }],
    ] as const) {
      expect((await root.call(procedure, input)).status).toBe(404);
    }
  });

  it("an error of the visitor's browser is not recorded as a refusal of the provider", async () => {
    const providerId = ids.get("acme") ?? "";
    const before = await refusalAt(acme, providerId);
    const stranger = openBrowser(world, { ip: "203.0.113.77" });
    const answer = await stranger.fetch("/api/auth/callback/acme?code=x&state=y");
    expect(answer.headers.get("location")).toBe(`${testOrigin}/sign-in?error=provider_refused`);
    expect(await refusalAt(acme, providerId)).toEqual(before);
  });
});

it("narrowing the allow-lists of a provider ends the sessions that it opened", async () => {
  const person = await givenPerson(world);
  await givenMember(world, acme.organizationId, person, "viewer");
  const providerId = ids.get("narrowed") ?? "";
  const { browser, error } = await signInNewPerson("narrowed", {}, person.email);
  expect(error).toBeNull();
  const change = (input: object) => acme.call("providers.update", { providerId, ...input });
  await change({ name: "Another name" });
  expect((await browser.call("auth.session")).status).toBe(200);
  await change({ allowedDomains: ["example.com"] });
  expect((await browser.call("auth.session")).status).toBe(401);
});
