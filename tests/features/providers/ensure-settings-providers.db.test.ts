import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditEntries } from "#drizzle/audit";
import { identities, oidcProviders } from "#drizzle/persons";
import { SettingsProviders } from "#src/features/providers/contract";
import { ensureSettingsProviders, SlugTaken } from "#src/features/providers/ensure";
import { findProvider } from "#src/identity/external/provider";
import { openBrowser } from "#tests/support/browser";
import { type RunningProvider, startOidcProvider } from "#tests/support/oidc-provider";
import { redirectUri, signInBy, startSignIn } from "#tests/support/oidc-sign-in";
import { providerRows } from "#tests/support/rows/persons";
import { readRows } from "#tests/support/rows/table";
import { openWorld, testOrigin, type World } from "#tests/support/world";

let world: World;
let idp: RunningProvider;

beforeAll(async () => {
  world = await openWorld();
  idp = await startOidcProvider({ redirectUris: [redirectUri("company")] });
});
afterAll(async () => {
  await Promise.all([world.close(), idp.close()]);
});

const ensure = (providers: readonly Record<string, unknown>[]) =>
  ensureSettingsProviders(world.runtime, SettingsProviders.parse(providers));

const company = (overrides: Record<string, unknown> = {}) => ({
  slug: "company",
  name: "Company",
  issuer: idp.issuer,
  clientId: idp.clientId,
  clientSecret: idp.clientSecret,
  createsPersons: true,
  ...overrides,
});

const audited = () =>
  readRows(world.db.owner, auditEntries, { objectKind: "provider" }, ["action", "changed", "organizationId"]);

// These tests follow the settings of one installation over several starts.
describe("providers of the settings (TM-12)", { shuffle: false }, () => {
  it("a start creates the providers of the settings, and a second start changes nothing", async () => {
    await ensure([company({ groupRoles: { b: "viewer", aa: "admin" } })]);
    await ensure([company({ groupRoles: { aa: "admin", b: "viewer" } })]);
    expect(await audited()).toMatchObject([
      { action: "providers.create", organizationId: world.runtime.installationId },
    ]);
    const provider = await findProvider(world.runtime, "company");
    expect(provider).toMatchObject({
      organizationId: null,
      issuer: idp.issuer,
      clientSecret: idp.clientSecret,
      allowedAddresses: "anywhere",
    });
    expect(JSON.stringify(await readRows(world.db.owner, oidcProviders))).not.toContain(idp.clientSecret);
    expect((await openBrowser(world).call("auth.providers")).data).toEqual([{ slug: "company", name: "Company" }]);
  });

  it("a start updates the providers, and a provider that is not in the settings any longer ends with its sessions", async () => {
    await ensure([company()]);
    const browser = openBrowser(world);
    idp.person = { sub: "ada", email: "ada@example.org", email_verified: true };
    expect((await signInBy(browser, idp, "company")).location).toBe(`${testOrigin}/`);
    await ensure([company({ name: "Firm", clientSecret: "another secret" })]);
    expect(await findProvider(world.runtime, "company")).toMatchObject({
      name: "Firm",
      clientSecret: "another secret",
    });
    expect((await audited()).at(-1)?.changed).toEqual({ name: ["Company", "Firm"], clientSecret: "changed" });
    expect((await browser.call("auth.session")).status).toBe(200);
    await ensure([]);
    expect((await browser.call("auth.session")).error.data.reason).toBe("session_ended");
    expect((await startSignIn(browser, "company")).status).toBe(404);
    await ensure([company()]);
    expect((await startSignIn(browser, "company")).status).toBe(302);
  });

  it("a new issuer deletes the identities of the provider, because its subjects are other persons", async () => {
    await ensure([company()]);
    expect(await readRows(world.db.owner, identities)).toHaveLength(1);
    await ensure([company({ issuer: `${idp.issuer}/` })]); // the same issuer in another spelling
    expect(await readRows(world.db.owner, identities)).toHaveLength(1);
    await ensure([company({ issuer: "https://another.example" })]);
    expect(await readRows(world.db.owner, identities)).toEqual([]);
  });

  it("a provider of the settings cannot take the slug of an organization's provider", async () => {
    const { organizationId } = await world.organization();
    await providerRows.insert(world.db.owner, {
      organizationId,
      slug: "theirs",
      name: "x",
      issuer: "x",
      clientId: "x",
      scopes: [],
    });
    await expect(ensure([company({ slug: "theirs" })])).rejects.toThrow(SlugTaken);
  });
});
