import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { auditEntries, refusalCounts } from "#drizzle/audit";
import { members, users } from "#drizzle/members";
import { identities, oidcProviders, sessions } from "#drizzle/persons";
import { type Browser, openBrowser } from "../support/browser";
import { type RunningProvider, startOidcProvider, type TokenClaims } from "../support/oidc-provider";
import { comeBack, insertProvider, redirectUri, signInBy, startSignIn } from "../support/oidc-sign-in";
import { givenMember, givenPerson } from "../support/people";
import { membershipsOf } from "../support/rows/members";
import { deleteRows, lastRow, readRows, updateRows } from "../support/rows/table";
import { enrolPasskey } from "../support/second-factors";
import { type GivenOrganization, openWorld, testOrigin, type World } from "../support/world";

let world: World;
let idp: RunningProvider;
let organization: GivenOrganization;
let root: GivenOrganization;

/** The issuer in the tokens. This server reaches the provider at an internal address (ADR-2). */
const publicIssuer = "https://login.example.test/realm";

const main = { trustedDomains: ["example.org"], createsPersons: true };

beforeAll(async () => {
  world = await openWorld();
  idp = await startOidcProvider({
    issuer: publicIssuer,
    redirectUris: ["main", "other", "strict", "grouped"].map(redirectUri),
  });
  root = await world.organization({ root: true });
  organization = await world.organization();
  const internal = { internalUrl: idp.url };
  await insertProvider(world, idp, "main", { ...main, ...internal });
  await insertProvider(world, idp, "other", { ...main, ...internal });
  await insertProvider(world, idp, "strict", { ...internal, trustedDomains: ["example.org"] });
});
afterAll(async () => {
  await Promise.all([world.close(), idp.close()]);
});
beforeEach(async () => {
  idp.tamper = null;
  idp.beforeTokens = null;
  idp.signWith = null;
  // Within a minute, anonymous refusals are counted together from the tenth kind on. Each test starts at zero.
  await deleteRows(world.db.owner, refusalCounts);
});

let visitors = 0;

/** Opens a browser at an unused address, so that the rate limits of other tests do not apply. */
function newBrowser(): Browser {
  visitors += 1;
  return openBrowser(world, { ip: `198.51.100.${visitors}` });
}

/** Makes the provider return a new person. */
function newPerson(more: Record<string, unknown> = {}): { sub: string; email: string } {
  const sub = `sub-${Math.random().toString(36).slice(2)}`;
  idp.person = { sub, email: `${sub}@example.org`, email_verified: true, name: "Ada", ...more };
  return { sub, email: `${sub}@example.org` };
}

async function lastReason(): Promise<{ reason: string | null; action: string }> {
  const row = await lastRow(world.db.owner, auditEntries, { outcome: "refused" }, ["reason", "action"]);
  return row ?? { reason: "", action: "" };
}

/** The error that the visitor sees, by the reason in the audit log. */
function visibleErrorOf(reason: string): string {
  if (reason === "email_unverified") return "provider_email_unverified";
  return reason.startsWith("groups_") ? "provider_groups_unknown" : "provider_refused";
}

const hasSession = (browser: Browser) => browser.cookies.has("__Host-portcullis.session");

const refusedAt = `${testOrigin}/sign-in?error=provider_refused`;

/** Expects that the sign-in is refused and opens no session. Returns the reason in the audit log. */
async function refusalOf(slug: string, browser = newBrowser()) {
  const signedIn = await signInBy(browser, idp, slug);
  const location = signedIn.location?.replace(/error=provider_email_(?:unverified|missing)$/, "error=provider_refused");
  expect({ status: signedIn.status, location, session: hasSession(browser) }).toEqual({
    status: 302,
    location: refusedAt,
    session: false,
  });
  const { reason, action } = await lastReason();
  expect(action).toBe("auth.signIn");
  return reason;
}

describe("signing in with a provider", () => {
  it("a verified address of a trusted domain is linked to the existing account (TM-12, ADR-2, ADR-11)", async () => {
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

  it("linking an account that a tenant created ends its sessions, password and passkeys (TM-12)", async () => {
    const { email } = newPerson();
    const squatter = await givenPerson(world, email);
    await givenMember(world, organization.organizationId, squatter, "viewer");
    const before = newBrowser();
    const typed = { email, password: squatter.password };
    expect((await before.signIn("password", typed)).status).toBe(200);
    const { answer } = await enrolPasskey(before);
    expect(answer.status).toBe(200);
    const browser = newBrowser();
    expect((await signInBy(browser, idp, "main")).location).toBe(`${testOrigin}/`);
    expect((await before.call("auth.session")).status).toBe(401);
    expect((await newBrowser().signIn("password", typed)).status).toBe(401);
    expect((await browser.call("auth.secondFactors")).data).toEqual({ totp: false, passkeys: 0, recoveryCodes: 0 });
    const entries = await readRows(world.db.owner, auditEntries, { actorName: email });
    const linked = entries.find(({ changed }) => changed !== null && "linked" in changed);
    expect(linked?.changed?.handedOver).toEqual({ password: true, totp: false, passkeys: 1, endedSessions: 1 });

    // A password that the person sets afterwards stays valid, also after a sign-in with another provider.
    const newPassword = "chosen after the takeover";
    expect((await browser.call("auth.password.change", { newPassword })).status).toBe(200);
    expect((await signInBy(newBrowser(), idp, "other")).location).toBe(`${testOrigin}/`);
    expect((await newBrowser().signIn("password", { email, password: newPassword })).status).toBe(200);
  });

  it("linking an owner of the root organization keeps the emergency password (TM-12)", async () => {
    const { email } = newPerson();
    const person = await givenPerson(world, email);
    const memberId = await givenMember(world, root.organizationId, person, "owner");
    expect((await signInBy(newBrowser(), idp, "main")).location).toBe(`${testOrigin}/`);
    expect((await newBrowser().signIn("password", { email, password: person.password })).status).toBe(200);
    await deleteRows(world.db.owner, members, { memberId });
  });

  it("a linked person is recognized by their subject even if their address changes (TM-12)", async () => {
    const { sub, email } = newPerson();
    const person = await givenPerson(world, email);
    await signInBy(newBrowser(), idp, "main");
    idp.person = { sub, email: "renamed@elsewhere.example", email_verified: false };
    const browser = newBrowser();
    expect((await signInBy(browser, idp, "main")).location).toBe(`${testOrigin}/`);
    const { data } = await browser.call<{ principal: { userId: string } }>("auth.session");
    expect(data.principal.userId).toBe(person.userId);
  });

  it("an unknown person gets an account with their name only if createsPersons is set (TM-12)", async () => {
    const { email } = newPerson({ name: "Grace Hopper" });
    const browser = newBrowser();
    expect((await signInBy(browser, idp, "main")).location).toBe(`${testOrigin}/`);
    const rows = await readRows(world.db.owner, users, { email }, ["email", "name"]);
    expect(rows).toEqual([{ email, name: "Grace Hopper" }]);
    const [entry] = await readRows(world.db.owner, auditEntries, { actorName: email, outcome: "done" }, ["changed"]);
    expect(entry?.changed?.created).toBe(true);
    newPerson();
    expect(await refusalOf("strict")).toBe("unknown_person");
  });

  it("the browser goes to the public issuer, and the server uses the internal URL (ADR-2, ADR-11)", async () => {
    newPerson();
    idp.asked.length = 0;
    const started = await startSignIn(newBrowser(), "main");
    const target = new URL(started.headers.get("location") ?? "");
    expect(target.origin).toBe("https://login.example.test");
    expect(Object.fromEntries(target.searchParams)).toMatchObject({
      response_type: "code",
      code_challenge_method: "S256",
      redirect_uri: redirectUri("main"),
      scope: "openid email profile",
    });
    for (const name of ["state", "nonce", "code_challenge"]) {
      expect(target.searchParams.get(name)).toMatch(/^[\w-]{43}$/);
    }
    await signInBy(newBrowser(), idp, "main");
    const paths = (byBrowser: boolean) =>
      idp.asked.filter((one) => one.byBrowser === byBrowser).map(({ path }) => path);
    expect(paths(false)).toEqual(["/token", "/jwks", "/me"]);
    expect(paths(true)).toContain("/auth");
    expect(paths(true)).not.toContain("/token");
  });

  it("a sign-in with a provider keeps `remember me` from its start (TM-5)", async () => {
    newPerson();
    const browser = newBrowser();
    await signInBy(browser, idp, "main", { remember: "true" });
    const row = await lastRow(world.db.owner, sessions, {}, ["remember", "stage", "boundTo"]);
    expect(row).toEqual({ remember: true, stage: "full", boundTo: null });
  });

  it("a sign-in with a provider ends the previous session of the browser (TM-7)", async () => {
    newPerson();
    const browser = newBrowser();
    await signInBy(browser, idp, "main");
    const before = new Map(browser.cookies);
    await signInBy(browser, idp, "main");
    const thief = newBrowser();
    for (const [name, value] of before) thief.cookies.set(name, value);
    expect((await thief.call("auth.session")).error.data.reason).toBe("session_ended");
    expect((await browser.call("auth.session")).status).toBe(200);
  });
});

describe("checks of what a provider returns (TM-12..20)", () => {
  const wrong: readonly (readonly [string, (claims: TokenClaims) => TokenClaims, string])[] = [
    ["another issuer", (claims) => ({ ...claims, iss: "https://evil.example" }), "issuer_mismatch"],
    ["the internal URL instead of the public issuer", (claims) => ({ ...claims, iss: idp.url }), "issuer_mismatch"],
    ["another audience", (claims) => ({ ...claims, aud: "another" }), "audience_mismatch"],
    [
      "several audiences and another authorized party",
      (claims) => ({ ...claims, aud: ["portcullis", "another"], azp: "another" }),
      "audience_mismatch",
    ],
    [
      "an expiry time in the past",
      (claims) => ({ ...claims, exp: Math.floor(Date.now() / 1_000) - 60 }),
      "token_expired",
    ],
    ["no nonce", ({ nonce: _, ...claims }) => claims, "nonce_missing"],
    ["another nonce", (claims) => ({ ...claims, nonce: "another" }), "nonce_mismatch"],
    ["no subject", ({ sub: _, ...claims }) => claims, "claim_missing"],
    ["another subject than the userinfo endpoint", (claims) => ({ ...claims, sub: "another" }), "subject_mismatch"],
  ];
  it.each(wrong)("a token with %s is refused, with its own reason in the audit log", async (_, tamper, reason) => {
    newPerson();
    idp.tamper = tamper;
    expect(await refusalOf("main")).toBe(reason);
  });

  it("a token signed with another key is refused with signature_invalid", async () => {
    newPerson();
    idp.signWith = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
    expect(await refusalOf("main")).toBe("signature_invalid");
  });

  it("an unverified or missing address is refused, with or without an existing account", async () => {
    const { email } = newPerson({ email_verified: false });
    expect(await refusalOf("main")).toBe("email_unverified");
    await givenPerson(world, email);
    expect(await refusalOf("main")).toBe("email_unverified");
    newPerson({ email_verified: undefined });
    expect(await refusalOf("main")).toBe("email_unverified");
    newPerson({ email: undefined });
    expect(await refusalOf("main")).toBe("email_missing");
  });

  it("a verified address outside the trusted domains is not linked to an existing account", async () => {
    const { sub } = newPerson();
    const email = `${sub}@sub.example.org`;
    await givenPerson(world, email);
    idp.person = { sub, email, email_verified: true };
    expect(await refusalOf("main")).toBe("email_domain_not_trusted");
    expect(await readRows(world.db.owner, identities, { subject: sub })).toEqual([]);
  });

  it.each([{ enabled: false }, { issuer: "https://elsewhere.example" }, { clientId: "another" }])(
    "a sign-in is refused with provider_changed if the provider changes during it to %j",
    async (change) => {
      newPerson();
      const browser = newBrowser();
      const back = await comeBack(browser, idp, "other");
      const { issuer, clientId } = idp;
      idp.beforeTokens = () => updateRows(world.db.owner, oidcProviders, { slug: "other" }, change);
      const response = await browser.fetch(back);
      await updateRows(world.db.owner, oidcProviders, { slug: "other" }, { enabled: true, issuer, clientId });
      expect([response.headers.get("location"), hasSession(browser)]).toEqual([refusedAt, false]);
      expect((await lastReason()).reason).toBe("provider_changed");
    },
  );

  it("a person who is denied access by the provider is refused with access_denied", async () => {
    const browser = newBrowser();
    const started = await startSignIn(browser, "main");
    const state = new URL(started.headers.get("location") ?? "").searchParams.get("state");
    const back = await browser.fetch(`/api/auth/callback/main?error=access_denied&state=${state}`);
    expect(back.headers.get("location")).toBe(refusedAt);
    expect((await lastReason()).reason).toBe("access_denied");
  });

  it("a provider that does not answer is reported as provider_unavailable, unlike a wrong issuer", async () => {
    await insertProvider(world, idp, "away", { internalUrl: "http://127.0.0.1:9" });
    const started = await startSignIn(newBrowser(), "away");
    expect(started.headers.get("location")).toBe(`${testOrigin}/sign-in?error=provider_unavailable`);
    expect((await lastReason()).reason).toBe("provider_unavailable");
    await insertProvider(world, { ...idp, issuer: "https://another.example" }, "misnamed", { internalUrl: idp.url });
    await startSignIn(newBrowser(), "misnamed");
    expect((await lastReason()).reason).toBe("discovery_issuer_mismatch");
  });
});

describe("an issuer with or without a trailing slash", () => {
  const forms = [publicIssuer, `${publicIssuer}/`];
  const cases = forms.flatMap((configured) => forms.map((published) => ({ configured, published })));
  let withSlash: RunningProvider;
  let withoutSlash: RunningProvider;
  beforeAll(async () => {
    const slugs = cases.map((_, at) => redirectUri(`slash-${at}`));
    withSlash = await startOidcProvider({ issuer: `${publicIssuer}/`, redirectUris: slugs });
    withoutSlash = await startOidcProvider({ issuer: publicIssuer, redirectUris: slugs });
  });
  afterAll(async () => {
    await Promise.all([withSlash.close(), withoutSlash.close()]);
  });
  it.each(cases.map((one, at) => ({ ...one, slug: `slash-${at}` })))(
    "the configured issuer $configured accepts a provider that publishes $published, and tokens with exactly that",
    async ({ configured, published, slug }) => {
      const provider = published.endsWith("/") ? withSlash : withoutSlash;
      await insertProvider(world, { ...provider, issuer: configured }, slug, { ...main, internalUrl: provider.url });
      provider.person = { ...provider.person, ...newPerson(), email_verified: true };
      const browser = newBrowser();
      expect((await signInBy(browser, provider, slug)).location).toBe(`${testOrigin}/`);
      expect(hasSession(browser)).toBe(true);

      const other = published.endsWith("/") ? publicIssuer : `${publicIssuer}/`;
      provider.tamper = (claims) => ({ ...claims, iss: other });
      expect((await signInBy(newBrowser(), provider, slug)).location).toBe(refusedAt);
      expect((await lastReason()).reason).toBe("issuer_mismatch");
      provider.tamper = null;
    },
  );

  it("an issuer with two trailing slashes is another issuer", async () => {
    await insertProvider(world, { ...idp, issuer: `${publicIssuer}//` }, "slashes", { internalUrl: idp.url });
    await startSignIn(newBrowser(), "slashes");
    expect((await lastReason()).reason).toBe("discovery_issuer_mismatch");
  });
});

describe("the allow-lists of a provider (TM-13)", () => {
  const lists = {
    by_email: { allowedEmails: ["in@example.org"] },
    by_domain: { allowedDomains: ["in.example.org"] },
    by_group: { allowedGroups: ["staff"] },
  };
  let listed: RunningProvider;
  beforeAll(async () => {
    listed = await startOidcProvider({
      redirectUris: Object.keys(lists).map((name) => redirectUri(name)),
      claimsInToken: true,
    });
    for (const [name, list] of Object.entries(lists)) {
      await insertProvider(world, listed, name, { createsPersons: true, ...list });
    }
  });
  afterAll(() => listed.close());

  it.each([
    ["by_email", { email: "IN@example.org" }, null],
    ["by_email", { email: "out@example.org" }, "email_not_allowed"],
    ["by_email", { email: "in@example.org", email_verified: false }, "email_unverified"],
    ["by_domain", { email: "ada@in.example.org" }, null],
    ["by_domain", { email: "ada@not-in.example.org" }, "email_not_allowed"],
    ["by_domain", { email: "ada@in.example.org.evil.example" }, "email_not_allowed"],
    ["by_group", { groups: ["visitors", "staff"] }, null],
    ["by_group", { groups: "staff" }, null],
    ["by_group", { groups: ["visitors"] }, "group_not_allowed"],
    ["by_group", { groups: [] }, "group_not_allowed"],
    ["by_group", { groups: undefined }, "groups_missing"],
    ["by_group", { groups: undefined, _claim_names: { groups: "src1" } }, "groups_missing"],
    ["by_group", { groups: [{ name: "staff" }] }, "groups_malformed"],
  ])("the allow-list %s with the claims %j gives the refusal %j", async (slug, claims, reason) => {
    const sub = `sub-${Math.random().toString(36).slice(2)}`;
    listed.person = { sub, email: `${sub}@example.org`, email_verified: true, ...claims };
    const browser = newBrowser();
    const { location } = await signInBy(browser, listed, slug);
    expect(location).toBe(reason === null ? `${testOrigin}/` : `${testOrigin}/sign-in?error=${visibleErrorOf(reason)}`);
    expect(hasSession(browser)).toBe(reason === null);
    if (reason !== null) expect((await lastReason()).reason).toBe(reason);
  });

  it("a known person is refused when their address is no longer verified (TM-13)", async () => {
    listed.person = { sub: "unverified-since", email: "known@in.example.org", email_verified: true };
    const known = await signInBy(newBrowser(), listed, "by_domain");
    expect(known.location).toBe(`${testOrigin}/`);
    listed.person = { ...listed.person, email_verified: false };
    const again = await signInBy(newBrowser(), listed, "by_domain");
    expect(again.location).toBe(`${testOrigin}/sign-in?error=provider_email_unverified`);
    expect((await lastReason()).reason).toBe("email_unverified");
  });

  it("a subject identifies a person only at its own provider (TM-12)", async () => {
    const { sub } = newPerson();
    expect((await signInBy(newBrowser(), idp, "main")).location).toBe(`${testOrigin}/`);
    listed.person = { sub, email: "namesake@example.org", email_verified: true, groups: ["staff"] };
    const browser = newBrowser();
    expect((await signInBy(browser, listed, "by_group")).location).toBe(`${testOrigin}/`);
    const { data } = await browser.call<{ principal: { email: string } }>("auth.session");
    expect(data.principal.email).toBe("namesake@example.org");
  });

  it("a known person is refused after removal from the allowed group", async () => {
    listed.person = { sub: "leaver", email: "leaver@example.org", email_verified: true, groups: ["staff"] };
    expect((await signInBy(newBrowser(), listed, "by_group")).location).toBe(`${testOrigin}/`);
    listed.person = { ...listed.person, groups: [] };
    expect((await signInBy(newBrowser(), listed, "by_group")).location).toBe(refusedAt);
    expect((await lastReason()).reason).toBe("group_not_allowed");
  });
});

describe("roles by groups in the root organization (TM-14)", () => {
  const roleOf = async (email: string) => {
    const joined = await membershipsOf(world.db.owner, email);
    return joined.find(({ organizationId }) => organizationId === root.organizationId)?.role ?? null;
  };

  beforeAll(async () => {
    const groupRoles = { staff: "viewer", operators: "admin", owners: "owner" };
    await insertProvider(world, idp, "grouped", { ...main, internalUrl: idp.url, groupRoles });
  });

  it("every sign-in gives the strongest role of the groups, and is refused if no group gives a role", async () => {
    const { email } = newPerson({ groups: ["staff", "operators", "others"] });
    await signInBy(newBrowser(), idp, "grouped");
    expect(await roleOf(email)).toBe("admin");
    idp.person = { ...idp.person, groups: ["staff"] };
    await signInBy(newBrowser(), idp, "grouped");
    expect(await roleOf(email)).toBe("viewer");
    idp.person = { ...idp.person, groups: [] };
    expect(await refusalOf("grouped")).toBe("no_role_for_groups");
    const entry = await lastRow(
      world.db.owner,
      auditEntries,
      { actorName: email, outcome: "done", organizationId: root.organizationId },
      ["changed"],
    );
    expect(entry?.changed?.role).toEqual(["admin", "viewer"]);
  });

  it("the last owner keeps the role until there is another owner", async () => {
    await deleteRows(world.db.owner, members, { organizationId: root.organizationId, role: "owner" });
    const elsewhere = await world.organization();
    await givenMember(world, elsewhere.organizationId, await givenPerson(world), "owner");
    const { email } = newPerson({ groups: ["owners"] });
    await signInBy(newBrowser(), idp, "grouped");
    expect(await roleOf(email)).toBe("owner");
    idp.person = { ...idp.person, groups: ["staff"] };
    await signInBy(newBrowser(), idp, "grouped");
    expect(await roleOf(email)).toBe("owner");
    newPerson({ groups: ["owners"] });
    await signInBy(newBrowser(), idp, "grouped");
    idp.person = { sub: email.split("@")[0] ?? "", email, email_verified: true, groups: ["staff"] };
    await signInBy(newBrowser(), idp, "grouped");
    expect(await roleOf(email)).toBe("viewer");
  });
});

describe("a misbehaving provider", () => {
  /** Starts a server that answers every request with an endless body. */
  async function startEndless(): Promise<{ url: string; sent(): number; close(): Promise<void> }> {
    let bytes = 0;
    const server = createServer((_request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const more = () => {
        do bytes += 65_536;
        while (!response.destroyed && response.write("x".repeat(65_536)));
      };
      response.on("drain", more);
      more();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      sent: () => bytes,
      close: () => {
        server.closeAllConnections();
        return new Promise((resolve) => server.close(() => resolve()));
      },
    };
  }

  it("a provider with an endless response is cut off and reported as provider_unavailable", async () => {
    const server = await startEndless();
    try {
      await insertProvider(world, { ...idp, issuer: server.url }, "endless");
      const started = await startSignIn(newBrowser(), "endless");
      expect(started.headers.get("location")).toBe(`${testOrigin}/sign-in?error=provider_unavailable`);
      expect(world.log()).toContain("the provider's response is too long");
      expect(server.sent()).toBeLessThan(50 * 1024 * 1024); // 1 MiB is read; the rest waits in sockets
    } finally {
      await server.close();
    }
  });
});

describe("a strict session cookie", () => {
  it("a sign-in continues through a page of this origin, so that the browser sends the strict cookie", async () => {
    const strict = await openWorld();
    try {
      const { signIn } = strict.runtime;
      Object.defineProperty(strict.runtime, "signIn", { value: { ...signIn, sameSite: "strict" } });
      await insertProvider(strict, idp, "main", { ...main, internalUrl: idp.url });
      newPerson();
      const browser = openBrowser(strict);
      const back = await comeBack(browser, idp, "main");
      const response = await browser.fetch(back);
      expect(response.status).toBe(200);
      expect(response.headers.get("refresh")).toBe(`0; url=${testOrigin}/`);
      const line = response.headers.getSetCookie().find((one) => one.includes("portcullis.session=")) ?? "";
      expect(line.toLowerCase()).toContain("samesite=strict");
      expect((await browser.call("auth.session")).status).toBe(200);
    } finally {
      await strict.close();
    }
  });
});

describe("attacks on a sign-in with a provider", () => {
  it("a callback is accepted once, also with a copy of the cookies (TM-16)", async () => {
    newPerson();
    const browser = newBrowser();
    const back = await comeBack(browser, idp, "main");
    const copy = newBrowser();
    for (const [name, value] of browser.cookies) copy.cookies.set(name, value);
    expect((await browser.fetch(back)).headers.get("location")).toBe(`${testOrigin}/`);
    expect((await copy.fetch(back)).headers.get("location")).toBe(refusedAt);
    expect((await lastReason()).reason).toBe("state_replayed");
    expect(hasSession(copy)).toBe(false);
  });

  it("a callback is refused in another browser than the one that started the sign-in (TM-16)", async () => {
    newPerson();
    const attacker = newBrowser();
    const back = await comeBack(attacker, idp, "main");
    const fresh = newBrowser();
    expect((await fresh.fetch(back)).headers.get("location")).toBe(refusedAt);
    expect((await lastReason()).reason).toBe("state_not_of_this_browser");
    const victim = newBrowser();
    await startSignIn(victim, "main");
    expect((await victim.fetch(back)).headers.get("location")).toBe(refusedAt);
    expect((await lastReason()).reason).toBe("state_mismatch");
    expect(hasSession(victim)).toBe(false);
    const bare = new URL(back, testOrigin);
    bare.searchParams.delete("state");
    expect((await attacker.fetch(bare.pathname + bare.search)).headers.get("location")).toBe(refusedAt);
    expect((await lastReason()).reason).toBe("state_missing");
  });

  it("a callback is refused at another provider, or with another issuer or none (OIDC mix-up)", async () => {
    newPerson();
    const browser = newBrowser();
    const back = await comeBack(browser, idp, "main");
    const mixed = back.replace("/callback/main", "/callback/other");
    expect((await browser.fetch(mixed)).headers.get("location")).toBe(refusedAt);
    expect((await lastReason()).reason).toBe("provider_mismatch");
    const named = await comeBack(browser, idp, "main");
    const renamed = named.replace(/([?&]iss=)[^&]*/, "$1https%3A%2F%2Fevil.example");
    expect(renamed).not.toBe(named);
    expect((await browser.fetch(renamed)).headers.get("location")).toBe(refusedAt);
    expect((await lastReason()).reason).toBe("issuer_mismatch");
    const unnamed = (await comeBack(browser, idp, "main")).replace(/[?&]iss=[^&]*/, "");
    expect((await browser.fetch(unnamed)).headers.get("location")).toBe(refusedAt);
    expect((await lastReason()).reason).toBe("issuer_missing");
    expect(hasSession(browser)).toBe(false);
  });

  it("a callback after the state has expired is refused", async () => {
    newPerson();
    const browser = newBrowser();
    const back = await comeBack(browser, idp, "main");
    world.now = new Date(Date.now() + 16 * 60_000);
    try {
      expect((await browser.fetch(back)).headers.get("location")).toBe(refusedAt);
    } finally {
      world.now = null;
    }
    expect((await lastReason()).reason).toBe("state_expired");
  });

  it("a sign-in with a provider is started only by a form of this origin with its token (CSRF)", async () => {
    const browser = newBrowser();
    const csrfToken = await browser.formToken();
    const send = (headers: Record<string, string>, fields: Record<string, string>) =>
      browser.fetch("/api/auth/signin/main", {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
        body: new URLSearchParams(fields).toString(),
      });
    const foreign = await send({ origin: "https://evil.example" }, { csrfToken });
    expect(foreign.status).toBe(403);
    for (const fields of [{}, { csrfToken: "A".repeat(64) }]) {
      const refused = await send({}, fields as Record<string, string>);
      expect(refused.status).toBe(403);
      expect(refused.headers.get("location")).toBeNull();
      expect(refused.headers.getSetCookie().join()).not.toContain("portcullis.state=ey");
    }
    expect((await browser.fetch("/api/auth/signin/main")).status).toBe(404);
    const json = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
    expect((await browser.fetch("/api/auth/callback/main", json)).status).toBe(404);
    expect((await browser.fetch("/api/auth/signin/nothing", json)).status).toBe(404);
  });

  it.each([
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "\\\\evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "https://portcullis.example.org.evil.example/",
    "https://portcullis.example.org@evil.example/",
    "http://portcullis.example.org/",
  ])("a sign-in with callbackUrl %s stays at this origin (open redirect)", async (callbackUrl) => {
    newPerson();
    const { location } = await signInBy(newBrowser(), idp, "main", { callbackUrl });
    expect(new URL(location ?? "").origin).toBe(testOrigin);
  });

  it("query parameters of the start are not forwarded to the provider", async () => {
    const browser = newBrowser();
    const csrfToken = await browser.formToken();
    const started = await browser.fetch(
      "/api/auth/signin/main?redirect_uri=https%3A%2F%2Fevil.example&scope=admin&state=mine&claims=x",
      {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams({ csrfToken, redirect_uri: "https://evil.example" }).toString(),
      },
    );
    const target = new URL(started.headers.get("location") ?? "");
    expect(target.searchParams.get("redirect_uri")).toBe(redirectUri("main"));
    expect(target.searchParams.get("scope")).toBe("openid email profile");
    expect(target.searchParams.get("state")).not.toBe("mine");
    expect(target.searchParams.has("claims")).toBe(false);
  });

  it("forwarded headers do not change the redirect URI of a sign-in (header injection)", async () => {
    const browser = newBrowser();
    const csrfToken = await browser.formToken();
    const started = await browser.fetch("/api/auth/signin/main", {
      method: "POST",
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        "x-forwarded-host": "evil.example",
        "x-forwarded-proto": "http",
        forwarded: "host=evil.example",
      },
      body: new URLSearchParams({ csrfToken, callbackUrl: "/a\r\nset-cookie: x=1" }).toString(),
    });
    const target = new URL(started.headers.get("location") ?? "");
    expect(target.searchParams.get("redirect_uri")).toBe(redirectUri("main"));
    expect(started.headers.getSetCookie().some((line) => line.startsWith("x=1"))).toBe(false);
  });

  it("the eleventh start of a sign-in in a minute from one address gets 429 (TM-19)", async () => {
    const browser = newBrowser();
    for (let time = 0; time < 10; time += 1) expect((await startSignIn(browser, "main")).status).toBe(302);
    const limited = await startSignIn(browser, "main");
    expect(limited.status).toBe(429);
    expect(Number(limited.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await lastReason()).reason).toBe("rate_limited");
  });

  it("the cookies of a sign-in are __Host-, HttpOnly, Secure and SameSite=Lax (TM-32)", async () => {
    const started = await startSignIn(newBrowser(), "main");
    for (const name of ["state", "nonce", "pkce"]) {
      const line = started.headers.getSetCookie().find((one) => one.startsWith(`__Host-portcullis.${name}=`)) ?? "";
      expect(line).toContain("HttpOnly");
      expect(line).toContain("Secure");
      expect(line).toContain("Path=/");
      expect(line.toLowerCase()).toContain("samesite=lax");
      expect(line).toContain("Max-Age=900");
    }
  });

  it.each<[string, (back: string) => string]>([
    ["a sign-in", (back) => back],
    ["a refusal", (back) => back.replace("code=", "not_code=")],
  ])("the cookies of a sign-in with a provider end with %s", async (_, change) => {
    newPerson();
    const browser = newBrowser();
    const back = await comeBack(browser, idp, "main");
    const names = ["state", "nonce", "pkce"].map((name) => `__Host-portcullis.${name}`);
    expect(names.every((name) => browser.cookies.has(name))).toBe(true);
    const response = await browser.fetch(change(back));
    expect(names.filter((name) => browser.cookies.has(name))).toEqual([]);
    expect(response.headers.getSetCookie()).toContain(
      "__Host-portcullis.state=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax",
    );
  });

  it("a form that asks for JSON gets the address of the provider in the body", async () => {
    const started = await startSignIn(newBrowser(), "main", { json: "true" });
    expect([started.status, started.headers.get("location")]).toEqual([200, null]);
    const { url } = (await started.json()) as { url: string };
    expect(new URL(url).searchParams.get("redirect_uri")).toBe(redirectUri("main"));
  });

  it("a sign-in continues to the address that an earlier form named if the last form names none", async () => {
    newPerson();
    const browser = newBrowser();
    await startSignIn(browser, "main", { callbackUrl: "/applications?state=open" });
    expect((await signInBy(browser, idp, "main")).location).toBe(`${testOrigin}/applications?state=open`);
  });
});
