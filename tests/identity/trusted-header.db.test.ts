import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditEntries, refusalCounts } from "#drizzle/audit";
import { users } from "#drizzle/members";
import type { TrustedHeader } from "#src/access/runtime";
import { ensureTrustedHeader } from "#src/features/providers/ensure";
import { openBrowser } from "../support/browser";
import { givenMember, givenPerson } from "../support/people";
import { deleteRows, lastRow, readRows } from "../support/rows/table";
import { type GivenOrganization, openWorld, testOrigin, type World } from "../support/world";

const proxy = "10.0.0.2";
const settings: TrustedHeader = {
  proxies: [proxy, "10.1.0.0/16", "127.0.0.1"],
  emailHeader: "Remote-Email",
  nameHeader: "Remote-Name",
  groupsHeader: "Remote-Groups",
  createsPersons: false,
  groupRoles: {},
};

let world: World;
let organization: GivenOrganization;
let current: TrustedHeader | null = settings;
let trustedProxies: readonly string[] = [];

beforeAll(async () => {
  world = await openWorld();
  // The product reads these settings at every request.
  const { signIn } = world.runtime;
  Object.defineProperty(world.runtime, "signIn", {
    get: () => ({ ...signIn, trustedProxies, trustedHeader: current }),
  });
  organization = await world.organization({ root: true });
});
afterAll(() => world.close());

let attempts = 0;

/** Returns an unused proxy address of the trusted network, so that the rate limits of other tests do not apply. */
function nextProxy(): string {
  attempts += 1;
  return `10.1.0.${attempts}`;
}

/** Sends one request of the sign-in form through a proxy that adds these headers. */
async function signIn(
  headers: Record<string, string>,
  { ip = nextProxy(), origin = testOrigin, path = "/api/auth/signin/trusted-header" } = {},
) {
  const browser = openBrowser(world, { ip, origin });
  const csrfToken = await browser.formToken();
  const response = await browser.fetch(path, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    body: new URLSearchParams({ csrfToken, json: "true" }).toString(),
  });
  return { status: response.status, text: await response.text(), browser };
}

async function lastReason(): Promise<string> {
  const row = await lastRow(world.db.owner, auditEntries, { outcome: "refused" }, ["reason"]);
  return row?.reason ?? "";
}

/** Expects a refusal with the same answer as for every reason. @returns the reason in the audit log */
async function refusalOf(...[headers, options]: Parameters<typeof signIn>): Promise<string> {
  await deleteRows(world.db.owner, refusalCounts);
  const { status, text, browser } = await signIn(headers, options);
  expect(status).toBe(401);
  expect(JSON.parse(text)).toMatchObject({ error: { data: { reason: "single_sign_on_refused" } } });
  expect([...browser.cookies.keys()].filter((name) => name.endsWith("portcullis.session"))).toEqual([]);
  return lastReason();
}

async function withSettings<T>(more: Partial<TrustedHeader> | null, body: () => Promise<T>): Promise<T> {
  current = more === null ? null : { ...settings, ...more };
  try {
    return await body();
  } finally {
    current = settings;
  }
}

describe("signing in by a trusted header (TM-35)", () => {
  it("a configured proxy signs in the person that its header names", async () => {
    const person = await givenPerson(world);
    await givenMember(world, organization.organizationId, person, "developer");
    const { status, text, browser } = await signIn({ "remote-email": person.email.toUpperCase() }, { ip: proxy });
    expect(status).toBe(200);
    expect(JSON.parse(text)).toEqual({ url: `${testOrigin}/` });
    const { data } = await browser.call<{ principal: Record<string, unknown> }>("auth.session");
    expect(data.principal).toMatchObject({ email: person.email, methods: ["trusted_header"], role: "developer" });
  });

  it("the first sign-in by header takes over an existing account and invalidates its password", async () => {
    const { email, password } = await givenPerson(world);
    const signInByPassword = async (typed: string) =>
      (await openBrowser(world, { ip: nextProxy() }).signIn("password", { email, password: typed })).status;
    expect(await signInByPassword(password)).toBe(200);
    const { browser } = await signIn({ "remote-email": email }, { ip: proxy });
    expect(await signInByPassword(password)).toBe(401);
    const newPassword = "chosen after the takeover";
    expect((await browser.call("auth.password.change", { newPassword })).status).toBe(200);
    expect((await signIn({ "remote-email": email })).status).toBe(200);
    expect(await signInByPassword(newPassword)).toBe(200);
  });

  it("the header is refused with trusted_header_off if it is not configured", async () => {
    const person = await givenPerson(world);
    const reason = await withSettings(null, () => refusalOf({ "remote-email": person.email }, { ip: proxy }));
    expect(reason).toBe("trusted_header_off");
  });

  it.each([
    ["an address that is no proxy", { ip: "203.0.113.7" }, {}],
    ["an address outside the trusted network", { ip: "10.2.0.1" }, {}],
    [
      "an address that forges X-Forwarded-For and Forwarded",
      { ip: "203.0.113.8" },
      { "x-forwarded-for": proxy, forwarded: `for=${proxy}` },
    ],
    ["an address that forges X-Real-IP and Via", { ip: "203.0.113.9" }, { "x-real-ip": proxy, via: proxy }],
  ])("the header is refused from %s", async (_, options, headers) => {
    const person = await givenPerson(world);
    expect(await refusalOf({ "remote-email": person.email, ...headers }, options)).toBe("trusted_header_peer");
  });

  it("the header is refused from a proxy that is trusted only for X-Forwarded-For", async () => {
    const person = await givenPerson(world);
    trustedProxies = ["198.51.100.1"];
    try {
      const headers = { "remote-email": person.email, "x-forwarded-for": proxy };
      expect(await refusalOf(headers, { ip: "198.51.100.1" })).toBe("trusted_header_peer");
    } finally {
      trustedProxies = [];
    }
  });

  it("the header is refused at the local emergency address of the host", async () => {
    const person = await givenPerson(world);
    const local = { ip: "127.0.0.1", origin: "http://127.0.0.1:3000" };
    expect(await refusalOf({ "remote-email": person.email }, local)).toBe("trusted_header_local");
  });

  it.each([
    [{}, "trusted_header_missing"],
    [{ "remote-email": "" }, "trusted_header_missing"],
    [{ "remote-user": "ada@example.org" }, "trusted_header_missing"],
    [{ "remote-email": "ada@example.org, grace@example.org" }, "trusted_header_malformed"],
    [{ "remote-email": "ada" }, "trusted_header_malformed"],
    [{ "remote-email": "a@example.org\tb@example.org" }, "trusted_header_malformed"],
  ])(
    "the headers %j are refused because they do not name exactly one person (header injection)",
    async (headers, reason) => {
      expect(await refusalOf(headers as Record<string, string>)).toBe(reason);
    },
  );

  it("an unknown person gets an account with their name only if createsPersons is set", async () => {
    const headers = {
      "remote-email": "new@example.org",
      "remote-name": Buffer.from("Zoë Żółw", "utf8").toString("latin1"),
    };
    expect(await refusalOf(headers)).toBe("unknown_person");
    await withSettings({ createsPersons: true }, async () => expect((await signIn(headers)).status).toBe(200));
    expect(await readRows(world.db.owner, users, { email: "new@example.org" }, ["name"])).toEqual([
      { name: "Zoë Żółw" },
    ]);
  });

  it("the configured groups give the strongest role, and a person without such a group is refused", async () => {
    const person = await givenPerson(world);
    const groupRoles = { staff: "viewer", admins: "admin" };
    await withSettings({ groupRoles }, async () => {
      const headersOf = (groups: string) => ({ "remote-email": person.email, "remote-groups": groups });
      const { browser } = await signIn(headersOf("others, staff|admins"));
      const { data } = await browser.call<{ principal: { role: string } }>("auth.session");
      expect(data.principal.role).toBe("admin");
      expect(await refusalOf(headersOf("others"))).toBe("no_role_for_groups");
    });
  });

  it("a member without a groups header, or with one that is empty or malformed, is refused", async () => {
    const person = await givenPerson(world);
    await givenMember(world, organization.organizationId, person, "developer");
    await withSettings({ groupRoles: { operators: "admin" } }, async () => {
      const refusalWith = (headers: Record<string, string>) => refusalOf({ "remote-email": person.email, ...headers });
      expect(await refusalWith({ "remote-groups": "" })).toBe("no_role_for_groups");
      expect(await refusalWith({})).toBe("groups_missing");
      expect(await refusalWith({ "remote-groups": "op\u00ff" })).toBe("groups_malformed");
    });
  });

  it("the sixth sign-in by header in a minute from one address gets 429 (TM-2)", async () => {
    const ip = nextProxy();
    for (let time = 0; time < 5; time += 1) {
      expect((await signIn({ "remote-email": "nobody@example.org" }, { ip })).status).toBe(401);
    }
    expect((await signIn({ "remote-email": "nobody@example.org" }, { ip })).status).toBe(429);
  });

  it("the header signs in only at its own endpoint", async () => {
    const person = await givenPerson(world);
    const browser = openBrowser(world, { ip: proxy });
    const headers = { "remote-email": person.email };
    expect((await browser.call("auth.session", {}, headers)).status).toBe(401);
    const password = await signIn({ ...headers }, { path: "/api/auth/callback/password" });
    expect(password.status).toBe(401);
    expect(
      (await browser.fetch("/api/auth/callback/trusted-header", { headers })).headers.getSetCookie().join(),
    ).not.toContain("portcullis.session=");
  });

  it("a sign-in by header requires the form token and the origin (CSRF)", async () => {
    const person = await givenPerson(world);
    const headers = { "remote-email": person.email };
    expect((await signIn({ ...headers, origin: "https://evil.example" }, { ip: proxy })).status).toBe(403);
    const browser = openBrowser(world, { ip: proxy });
    const response = await browser.fetch("/api/auth/signin/trusted-header", {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ json: "true" }),
    });
    expect(response.headers.getSetCookie().join()).not.toContain("portcullis.session=");
  });

  it("the sign-in page offers the trusted header only if it is configured", async () => {
    const buttons = async () => (await openBrowser(world).call<unknown>("auth.providers")).data;
    expect(await buttons()).toEqual([{ slug: "trusted-header", name: "single sign-on" }]);
    expect(await withSettings(null, buttons)).toEqual([]);
  });

  it("a start with the header turned off ends the sessions that it opened, and no others", async () => {
    const [person, other] = [await givenPerson(world), await givenPerson(world)];
    await givenMember(world, organization.organizationId, person, "developer");
    const byHeader = (await signIn({ "remote-email": person.email })).browser;
    const byPassword = openBrowser(world, { ip: "198.51.100.9" });
    await byPassword.signIn("password", { email: other.email, password: other.password });
    await ensureTrustedHeader(world.runtime, true);
    expect((await byHeader.call("auth.session")).status).toBe(200);
    await ensureTrustedHeader(world.runtime, false);
    const refused = await byHeader.call("auth.session");
    expect([refused.status, refused.error.data.reason]).toEqual([401, "session_ended"]);
    expect((await byPassword.call("auth.session")).status).toBe(200);
    const entriesOfStarts = () =>
      readRows(world.db.owner, auditEntries, { action: "providers.update", objectName: "trusted-header" }, [
        "organizationId",
        "changed",
      ]);
    expect(await entriesOfStarts()).toMatchObject([
      {
        organizationId: world.runtime.installationId,
        changed: { enabled: [true, false], endedSessions: expect.any(Number) },
      },
    ]);
    await ensureTrustedHeader(world.runtime, false);
    expect(await entriesOfStarts()).toHaveLength(1);
  });
});
