import { generateKeyPairSync } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Browser, openBrowser } from "../support/browser";
import { type OidcProvider, startOidcProvider, type TokenClaims } from "../support/oidc-provider";
import { comeBack, insertProvider, redirectUri, signInBy, startSignIn } from "../support/oidc-sign-in";
import { givenMember, givenPerson } from "../support/people";
import { type GivenOrganization, openWorld, testOrigin, type World } from "../support/world";

let world: World;
let idp: OidcProvider;
let organization: GivenOrganization;
let founding: GivenOrganization;

/** Its tokens carry the public issuer, and this server reaches it at another address (ADR-2). */
const publicIssuer = "https://login.example.test/realm";

const main = { trusted_domains: ["example.org"], creates_persons: true };

beforeAll(async () => {
  world = await openWorld();
  idp = await startOidcProvider({
    issuer: publicIssuer,
    redirectUris: ["main", "other", "strict", "grouped"].map(redirectUri),
  });
  founding = await world.organization({ founding: true });
  organization = await world.organization();
  const internal = { internal_url: idp.url };
  await insertProvider(world, idp, "main", { ...main, ...internal });
  await insertProvider(world, idp, "other", { ...main, ...internal });
  await insertProvider(world, idp, "strict", { ...internal, trusted_domains: ["example.org"] });
});
afterAll(async () => {
  await Promise.all([world.close(), idp.close()]);
});
beforeEach(() => {
  idp.tamper = null;
  idp.signWith = null;
});

let visitors = 0;

/** A browser at an address of its own, so that no limit of another test is in its way. */
function newBrowser(): Browser {
  visitors += 1;
  return openBrowser(world, { ip: `198.51.100.${visitors}` });
}

/** Somebody at the provider, whom nobody else has been. */
function newPerson(more: Record<string, unknown> = {}): { sub: string; email: string } {
  const sub = `sub-${Math.random().toString(36).slice(2)}`;
  idp.person = { sub, email: `${sub}@example.org`, email_verified: true, name: "Ada", ...more };
  return { sub, email: `${sub}@example.org` };
}

async function lastReason(): Promise<{ reason: string; action: string }> {
  const [row] = await world.db.asOwner<{ reason: string; action: string }>(
    "select reason, action from audit_entries where outcome = 'refused' order by audit_id desc limit 1",
  );
  return row ?? { reason: "", action: "" };
}

const hasSession = (browser: Browser) => browser.cookies.has("__Host-portcullis.session");

describe("signing in by a provider", () => {
  it("links a verified address of a trusted domain to the account that is there (TM-12, ADR-2, ADR-11)", async () => {
    const { email } = newPerson();
    const person = await givenPerson(world, email);
    await givenMember(world, organization.organizationId, person, "developer");
    const browser = newBrowser();
    const signedIn = await signInBy(browser, idp, "main", { callbackUrl: "/projects" });
    expect(signedIn).toEqual({ status: 302, location: `${testOrigin}/projects` });
    const session = await browser.call<{ principal: { email: string; methods: string[]; role: string } }>(
      "auth.session",
    );
    expect(session.data.principal).toMatchObject({ email, methods: ["oidc"], role: "developer" });
    expect((await browser.call("projects.create", { name: "By a provider" })).status).toBe(200);
  });
});
