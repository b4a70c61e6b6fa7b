import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Provider } from "../../../src/features/providers/contract";
import { type Browser, openBrowser } from "../../support/browser";
import { type OidcProvider, startOidcProvider } from "../../support/oidc-provider";
import { insertProvider, redirectUri, signInBy } from "../../support/oidc-sign-in";
import { givenMember, givenPerson } from "../../support/people";
import { type GivenOrganization, openWorld, testOrigin, type World } from "../../support/world";

/** As Microsoft Entra ID: tokens have no `email_verified`, and the issuer holds the id of the tenant. */
const issuer = "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0";

let world: World;
let entra: OidcProvider;
let house: GivenOrganization;
let root: GivenOrganization;
const ids = new Map<string, string>();

beforeAll(async () => {
  world = await openWorld();
  house = await world.organization();
  root = await world.organization({ root: true });
  const slugs = ["by-default", "by-edov", "by-domain", "house", "narrowed"];
  entra = await startOidcProvider({ issuer, redirectUris: slugs.map(redirectUri), claimsInToken: true });
  const common = { internal_url: entra.url, trusted_domains: ["example.org"], creates_persons: true };
  const add = async (slug: string, more: Record<string, unknown>) =>
    void ids.set(slug, await insertProvider(world, entra, slug, { ...common, ...more }));
  await add("by-default", {});
  await add("by-edov", { email_proof: "xms_edov" });
  await add("by-domain", { email_proof: "trusted_domains" });
  await add("house", { organization_id: house.organizationId });
  await add("narrowed", { organization_id: house.organizationId, email_proof: "trusted_domains" });
});
afterAll(() => Promise.all([world.close(), entra.close()]));
beforeEach(async () => {
  entra.tamper = null;
  await world.db.asOwner("delete from refusal_counts");
});

let visitors = 0;

/** Signs in as somebody new, whose token says this as well. */
async function comeBy(slug: string, claims: Record<string, unknown> = {}, email?: string | null) {
  const sub = `sub-${Math.random().toString(36).slice(2)}`;
  const address = email ?? `${sub}@example.org`;
  entra.person = { sub, email: email === null ? undefined : address };
  entra.tamper = ({ email_verified: _, ...token }) => ({ ...token, ...claims });
  visitors += 1;
  const browser: Browser = openBrowser(world, { ip: `198.51.100.${visitors}` });
  const { location } = await signInBy(browser, entra, slug);
  const told = new URL(location ?? "").searchParams.get("error");
  return { email: address, sub, browser, told };
}

const refusalAt = async ({ call }: GivenOrganization, providerId: string) =>
  (await call<Provider>("providers.one", { providerId })).data.lastRefusal;

describe("a provider without email_verified (Microsoft Entra ID)", () => {
  it("lets nobody in by default; the person learns what to ask for, the administrator why, on the provider", async () => {
    const { told } = await comeBy("house");
    expect(told).toBe("provider_email_unverified");
    const refusal = await refusalAt(house, ids.get("house") ?? "");
    expect(refusal).toEqual({
      reason: "email_unverified",
      count: 1,
      at: expect.stringMatching(/^\d{4}-.*Z$/),
      message: expect.stringMatching(/xms_edov.*trusted_domains/),
    });
    await comeBy("house");
    expect(await refusalAt(house, ids.get("house") ?? "")).toMatchObject({ count: 2 });
    expect(JSON.stringify(await refusalAt(house, ids.get("house") ?? ""))).not.toContain("@");
  });

  it.each([true, "1", 1, "true"])("lets in by xms_edov where the setting says so: %j", async (xms_edov) => {
    const { told, browser } = await comeBy("by-edov", { xms_edov });
    expect([told, (await browser.call("auth.session")).status]).toEqual([null, 200]);
  });

  it.each([{}, { xms_edov: false }, { xms_edov: "0" }, { xms_edov: "yes" }, { email_verified: true }])(
    "lets nobody in by xms_edov with %j",
    async (claims) => {
      expect((await comeBy("by-edov", claims)).told).toBe("provider_email_unverified");
    },
  );

  it("lets in by a trusted domain of its own tenant where the setting says so, and by no other domain", async () => {
    expect((await comeBy("by-domain")).told).toBeNull();
    expect((await comeBy("by-domain", {}, "ada@elsewhere.example")).told).toBe("provider_email_unverified");
    expect((await comeBy("by-domain", { email_verified: false })).told).toBe("provider_email_unverified");
  });

  it("never opens an account that is there by an address that is not proven", async () => {
    for (const [slug, claims, domain] of [
      ["by-default", { xms_edov: true }, "example.org"],
      ["by-edov", {}, "example.org"],
      ["by-edov", { xms_edov: "false" }, "example.org"],
      ["by-domain", {}, "elsewhere.example"],
      ["by-domain", { email_verified: false }, "example.org"],
    ] as const) {
      const victim = await givenPerson(world, `v${Math.random().toString(36).slice(2)}@${domain}`);
      const { told, sub, browser } = await comeBy(slug, claims, victim.email);
      expect(told).toBe("provider_email_unverified");
      expect((await browser.call("auth.session")).status).toBe(401);
      expect(await world.db.asOwner("select 1 from identities where subject = $1", [sub])).toEqual([]);
    }
  });

  it("says the same of an address whether there is an account for it, or it is in a list, or not", async () => {
    await world.db.asOwner(
      "update oidc_providers set allowed_emails = '{in@example.org}', allowed_groups = '{staff}' where slug = 'by-default'",
    );
    const told = async (email: string) => (await comeBy("by-default", { groups: [] }, email)).told;
    expect(await told("in@example.org")).toBe("provider_email_unverified");
    expect(await told("out@example.org")).toBe("provider_email_unverified");
    await world.db.asOwner(
      "update oidc_providers set allowed_emails = '{}', allowed_groups = '{}' where slug = 'by-default'",
    );
  });

  it("tells somebody without an address, or whose groups are not known, what to ask for", async () => {
    expect((await comeBy("by-default", {}, null)).told).toBe("provider_email_missing");
    await world.db.asOwner("update oidc_providers set allowed_groups = '{staff}' where slug = 'by-domain'");
    expect((await comeBy("by-domain")).told).toBe("provider_groups_unknown");
    await world.db.asOwner("update oidc_providers set allowed_groups = '{}' where slug = 'by-domain'");
  });
});

describe("the setting emailProof", () => {
  const wanted = { name: "Entra", issuer, clientId: "portcullis" };

  it("is email_verified unless it says something else, and is kept", async () => {
    const made = await house.call<Provider>("providers.create", wanted);
    expect(made.data).toMatchObject({ emailProof: "email_verified", lastRefusal: null, fromSettings: false });
    const { providerId } = made.data;
    const changed = await house.call<Provider>("providers.update", { providerId, emailProof: "xms_edov" });
    expect(changed.data.emailProof).toBe("xms_edov");
  });

  it("takes domains as a proof only with domains and an issuer of one tenant, also when one of the three changes", async () => {
    const common = "https://login.microsoftonline.com/common/v2.0";
    const reasonOf = async (procedure: string, input: object) =>
      (await house.call(procedure, input)).error?.data.reason ?? null;
    const byDomain = { ...wanted, emailProof: "trusted_domains" };
    const domains = { trustedDomains: ["example.org"] };
    expect(await reasonOf("providers.create", byDomain)).toBe("trusted_domains_missing");
    expect(await reasonOf("providers.create", { ...byDomain, ...domains, issuer: common })).toBe(
      "issuer_of_many_tenants",
    );
    const made = await house.call<Provider>("providers.create", { ...byDomain, ...domains });
    expect(made.status).toBe(200);
    const { providerId } = made.data;
    expect(await reasonOf("providers.update", { providerId, trustedDomains: [] })).toBe("trusted_domains_missing");
    expect(await reasonOf("providers.update", { providerId, issuer: common })).toBe("issuer_of_many_tenants");
    const other = await house.call<Provider>("providers.create", { ...wanted, ...domains, issuer: common });
    const change = { providerId: other.data.providerId, emailProof: "trusted_domains" };
    expect(await reasonOf("providers.update", change)).toBe("issuer_of_many_tenants");
  });
});

describe("the last refusal", () => {
  it("of a provider of the settings is seen by the root organization, which cannot change it, and by no other", async () => {
    await comeBy("by-edov");
    const listed = async ({ call }: GivenOrganization) =>
      (await call<{ items: Provider[] }>("providers.list", { limit: 100 })).data.items;
    const found = (await listed(root)).find(({ slug }) => slug === "by-edov");
    expect(found).toMatchObject({ fromSettings: true, lastRefusal: { reason: "email_unverified" } });
    expect((await listed(house)).filter(({ fromSettings }) => fromSettings)).toEqual([]);
    for (const [procedure, input] of [
      ["providers.update", { providerId: found?.providerId, enabled: false }],
      ["providers.delete", { providerId: found?.providerId }],
    ] as const) {
      expect((await root.call(procedure, input)).status).toBe(404);
    }
  });

  it("is none of what a visitor's browser does wrong", async () => {
    const providerId = ids.get("house") ?? "";
    const before = await refusalAt(house, providerId);
    const stranger = openBrowser(world, { ip: "203.0.113.77" });
    const answer = await stranger.fetch("/api/auth/callback/house?code=x&state=y");
    expect(answer.headers.get("location")).toBe(`${testOrigin}/sign-in?error=provider_refused`);
    expect(await refusalAt(house, providerId)).toEqual(before);
  });
});

it("a provider with narrower lists of who may sign in ends the sessions that it opened", async () => {
  const person = await givenPerson(world);
  await givenMember(world, house.organizationId, person, "viewer");
  const providerId = ids.get("narrowed") ?? "";
  const { browser, told } = await comeBy("narrowed", {}, person.email);
  expect(told).toBeNull();
  const change = (input: object) => house.call("providers.update", { providerId, ...input });
  await change({ name: "Another name" });
  expect((await browser.call("auth.session")).status).toBe(200);
  await change({ allowedDomains: ["example.com"] });
  expect((await browser.call("auth.session")).status).toBe(401);
});
