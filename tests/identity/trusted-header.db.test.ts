import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TrustedHeader } from "../../src/access/runtime";
import { ensureTrustedHeader } from "../../src/features/providers/ensure-trusted-header";
import { openBrowser } from "../support/browser";
import { givenMember, givenPerson } from "../support/people";
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
  // What the settings say is read at every request.
  const { signIn } = world.runtime;
  Object.defineProperty(world.runtime, "signIn", {
    get: () => ({ ...signIn, trustedProxies, trustedHeader: current }),
  });
  organization = await world.organization({ root: true });
});
afterAll(() => world.close());

let tries = 0;

/** The proxies of one network, so that no limit of another test is in the way. */
function nextProxy(): string {
  tries += 1;
  return `10.1.0.${tries}`;
}

/** What a proxy sends on: one request of the sign-in form, with its headers. */
async function signIn(
  headers: Record<string, string>,
  { ip = nextProxy(), origin = testOrigin, path = "/api/auth/signin/trusted-header" } = {},
) {
  const browser = openBrowser(world, { ip, origin });
  const { csrfToken } = (await (await browser.fetch("/api/auth/csrf")).json()) as { csrfToken: string };
  const response = await browser.fetch(path, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    body: new URLSearchParams({ csrfToken, json: "true" }).toString(),
  });
  return { status: response.status, text: await response.text(), browser };
}

async function lastReason(): Promise<string> {
  const [row] = await world.db.asOwner<{ reason: string }>(
    "select reason from audit_entries where outcome = 'refused' order by audit_id desc limit 1",
  );
  return row?.reason ?? "";
}

/** @returns the reason in the audit log; the visitor is told the same whatever it is */
async function refusalOf(...[headers, options]: Parameters<typeof signIn>): Promise<string> {
  await world.db.asOwner("delete from refusal_counts");
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
  it("opens a session for whom a named proxy names", async () => {
    const person = await givenPerson(world);
    await givenMember(world, organization.organizationId, person, "developer");
    const { status, text, browser } = await signIn({ "remote-email": person.email.toUpperCase() }, { ip: proxy });
    expect(status).toBe(200);
    expect(JSON.parse(text)).toEqual({ url: `${testOrigin}/` });
    const { data } = await browser.call<{ principal: Record<string, unknown> }>("auth.session");
    expect(data.principal).toMatchObject({ email: person.email, methods: ["trusted_header"], role: "developer" });
  });

  it("hands an account that was there over, once: whoever had its password is out", async () => {
    const { email, password } = await givenPerson(world);
    const signInByPassword = async (typed: string) =>
      (await openBrowser(world, { ip: nextProxy() }).signIn("password", { email, password: typed })).status;
    expect(await signInByPassword(password)).toBe(200);
    const { browser } = await signIn({ "remote-email": email }, { ip: proxy });
    expect(await signInByPassword(password)).toBe(401);
    const newPassword = "chosen by who has the address";
    expect((await browser.call("auth.password.change", { newPassword })).status).toBe(200);
    expect((await signIn({ "remote-email": email })).status).toBe(200);
    expect(await signInByPassword(newPassword)).toBe(200);
  });

  it("is off by default, and believes nobody then", async () => {
    const person = await givenPerson(world);
    const reason = await withSettings(null, () => refusalOf({ "remote-email": person.email }, { ip: proxy }));
    expect(reason).toBe("trusted_header_off");
  });

  it.each([
    ["another address", { ip: "203.0.113.7" }, {}],
    ["one beside the network", { ip: "10.2.0.1" }, {}],
    [
      "another that says that it is the proxy",
      { ip: "203.0.113.8" },
      { "x-forwarded-for": proxy, forwarded: `for=${proxy}` },
    ],
    ["another that names itself so", { ip: "203.0.113.9" }, { "x-real-ip": proxy, via: proxy }],
  ])("refuses the header from %s", async (_, options, headers) => {
    const person = await givenPerson(world);
    expect(await refusalOf({ "remote-email": person.email, ...headers }, options)).toBe("trusted_header_peer");
  });

  it("refuses it from a proxy whose X-Forwarded-For alone is believed", async () => {
    const person = await givenPerson(world);
    trustedProxies = ["198.51.100.1"];
    try {
      const headers = { "remote-email": person.email, "x-forwarded-for": proxy };
      expect(await refusalOf(headers, { ip: "198.51.100.1" })).toBe("trusted_header_peer");
    } finally {
      trustedProxies = [];
    }
  });

  it("is not there at the host's own address for emergencies", async () => {
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
  ])("refuses what names nobody, or two: %j (header injection)", async (headers, reason) => {
    expect(await refusalOf(headers as Record<string, string>)).toBe(reason);
  });

  it("makes people on first sight only where that is set, with their name", async () => {
    const headers = {
      "remote-email": "new@example.org",
      "remote-name": Buffer.from("Zoë Żółw", "utf8").toString("latin1"),
    };
    expect(await refusalOf(headers)).toBe("unknown_person");
    await withSettings({ createsPersons: true }, async () => expect((await signIn(headers)).status).toBe(200));
    expect(await world.db.asOwner("select name from users where email = 'new@example.org'")).toEqual([
      { name: "Zoë Żółw" },
    ]);
  });

  it("gives roles by groups where the settings say which, and then to nobody without one", async () => {
    const person = await givenPerson(world);
    const groupRoles = { staff: "viewer", admins: "admin" };
    await withSettings({ groupRoles }, async () => {
      const by = (groups: string) => ({ "remote-email": person.email, "remote-groups": groups });
      const { browser } = await signIn(by("others, staff|admins"));
      const { data } = await browser.call<{ principal: { role: string } }>("auth.session");
      expect(data.principal.role).toBe("admin");
      expect(await refusalOf(by("others"))).toBe("no_role_for_groups");
    });
  });

  it("keeps out a member for whom no groups are named at all", async () => {
    const person = await givenPerson(world);
    await givenMember(world, organization.organizationId, person, "developer");
    await withSettings({ groupRoles: { operators: "admin" } }, async () => {
      const by = (headers: Record<string, string>) => refusalOf({ "remote-email": person.email, ...headers });
      expect(await by({ "remote-groups": "" })).toBe("no_role_for_groups");
      expect(await by({})).toBe("groups_missing");
      expect(await by({ "remote-groups": "op\u00ff" })).toBe("groups_malformed");
    });
  });

  it("is tried five times a minute from one address (TM-2)", async () => {
    const ip = nextProxy();
    for (let time = 0; time < 5; time += 1) {
      expect((await signIn({ "remote-email": "nobody@example.org" }, { ip })).status).toBe(401);
    }
    expect((await signIn({ "remote-email": "nobody@example.org" }, { ip })).status).toBe(429);
  });

  it("signs nobody in by being there: no other request looks at the headers", async () => {
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

  it("needs the form's own token and origin (CSRF)", async () => {
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

  it("is on the sign-in page where it is on", async () => {
    const buttons = async () => (await openBrowser(world).call<unknown>("auth.providers")).data;
    expect(await buttons()).toEqual([{ slug: "trusted-header", name: "single sign-on" }]);
    expect(await withSettings(null, buttons)).toEqual([]);
  });

  it("is over, with the sessions that it opened and no others, when a start finds it turned off", async () => {
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
    const ofStarts = () =>
      world.db.asOwner(
        "select organization_id, changed from audit_entries where action = 'providers.update' and object_name = 'trusted-header'",
      );
    expect(await ofStarts()).toMatchObject([
      {
        organization_id: world.runtime.installationId,
        changed: { enabled: [true, false], endedSessions: expect.any(Number) },
      },
    ]);
    await ensureTrustedHeader(world.runtime, false);
    expect(await ofStarts()).toHaveLength(1);
  });
});
