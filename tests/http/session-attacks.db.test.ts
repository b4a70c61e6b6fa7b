import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { auditEntries } from "#drizzle/audit";
import { members } from "#drizzle/members";
import { organizations } from "#drizzle/organizations";
import { projects } from "#drizzle/projects";
import { makeApiKey } from "#src/access/api-keys";
import { newId } from "#src/platform/ids";
import { type Browser, openBrowser } from "../support/browser";
import { type GivenPerson, givenMember, givenPerson } from "../support/people";
import { deleteRows, readRows, updateRows } from "../support/rows/table";
import { givenSession } from "../support/sessions";
import { type GivenOrganization, openWorld, testOrigin, type World } from "../support/world";

const cookie = "__Host-portcullis.session";
const local = "http://127.0.0.1:3000";

let world: World;
let acme: GivenOrganization;
let beta: GivenOrganization;
let ada: GivenPerson;
let slugs: { readonly acme: string; readonly beta: string };
let address = 0;

beforeAll(async () => {
  world = await openWorld();
  acme = await world.organization();
  beta = await world.organization();
  slugs = { acme: await slugOf(acme), beta: await slugOf(beta) };
  ada = await givenPerson(world);
  await givenMember(world, acme.organizationId, ada, "owner");
});
afterAll(() => world.close());

async function slugOf({ organizationId }: GivenOrganization): Promise<string> {
  const [row] = await readRows(world.db.owner, organizations, { organizationId }, ["slug"]);
  return row?.slug ?? "";
}

/** Rate limits are by address, so every browser has its own. */
const browserAt = (origin = testOrigin) =>
  openBrowser(world, { origin, ip: origin === local ? "127.0.0.1" : `203.0.113.${++address}` });

async function signedIn(browser = browserAt()): Promise<Browser> {
  const { status } = await browser.signIn("password", { email: ada.email, password: ada.password });
  expect(status).toBe(200);
  return browser;
}

const sessionAnswer = async (browser: Browser, headers: Record<string, string> = {}) => {
  const { status, error } = await browser.call("auth.session", {}, headers);
  return [status, error?.data.reason];
};

describe("a session cookie", () => {
  test("a sign-in replaces and revokes the session cookie that the browser had before (fixation)", async () => {
    const victim = await signedIn();
    const planted = victim.cookies.get(cookie) ?? "";
    const attacker = browserAt();
    attacker.cookies.set(cookie, planted);
    expect(await sessionAnswer(attacker)).toEqual([200, undefined]);
    await signedIn(victim);
    expect(victim.cookies.get(cookie)).not.toBe(planted);
    expect(await sessionAnswer(victim)).toEqual([200, undefined]);
    expect(await sessionAnswer(attacker)).toEqual([401, "session_ended"]);
  });

  test("a sign-in does not adopt a session cookie that an attacker made up", async () => {
    const victim = browserAt();
    for (const planted of ["A".repeat(43), "e30.e30.e30", "%00", "x".repeat(5_000)]) {
      victim.cookies.set(cookie, planted);
      expect(await sessionAnswer(victim)).toEqual([401, "no_credentials"]);
    }
    await signedIn(victim);
    expect(victim.cookies.get(cookie)).not.toBe("x".repeat(5_000));
  });

  test("a session cookie of an installation with another secret is refused", async () => {
    const other = await openWorld();
    try {
      const { userId } = await givenPerson(other);
      const { browser } = await givenSession(other, { userId });
      const here = browserAt();
      for (const [name, value] of browser.cookies) here.cookies.set(name, value);
      expect(await sessionAnswer(here)).toEqual([401, "no_credentials"]);
    } finally {
      await other.close();
    }
  });

  test("sign-out invalidates every copy of the session cookie (TM-7)", async () => {
    const browser = await signedIn();
    const thief = browserAt();
    for (const [name, value] of browser.cookies) thief.cookies.set(name, value);
    expect(await sessionAnswer(thief)).toEqual([200, undefined]);
    expect((await thief.call("projects.create", { name: "Stolen" })).status).toBe(200);
    await browser.signOut();
    expect(browser.cookies.has(cookie)).toBe(false);
    expect(await sessionAnswer(thief)).toEqual([401, "session_ended"]);
    expect((await thief.call("projects.create", { name: "Stolen" })).status).toBe(401);
    expect(await readRows(world.db.owner, projects, { name: "Stolen" })).toHaveLength(1);
  });

  test("a sign-out requested by another page does not end the session", async () => {
    const browser = await signedIn();
    const csrfToken = await browser.formToken();
    const body = (token: string) => new URLSearchParams({ csrfToken: token, json: "true" }).toString();
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const foreign = await browser.fetch("/api/auth/signout", {
      method: "POST",
      headers: { ...headers, origin: "https://evil.example.org" },
      body: body(csrfToken),
    });
    expect(foreign.status).toBe(403);
    await browser.fetch("/api/auth/signout", { method: "POST", headers, body: body("0".repeat(64)) });
    await browser.fetch("/api/auth/signout");
    expect(await sessionAnswer(browser)).toEqual([200, undefined]);
  });

  test("a session cookie is valid only at the kind of address, local or public, where it was issued", async () => {
    const atHost = await signedIn(browserAt(local));
    const outside = await signedIn();
    expect(await sessionAnswer(atHost)).toEqual([200, undefined]);
    expect([...atHost.cookies.keys()].filter((name) => name.startsWith("__Host-"))).toEqual([]);
    const names = ["portcullis.session", "portcullis.csrf"];
    const [carriedOut, carriedIn] = [browserAt(), browserAt(local)];
    for (const name of names) {
      carriedOut.cookies.set(`__Host-${name}`, atHost.cookies.get(name) ?? "");
      carriedOut.cookies.set(name, atHost.cookies.get(name) ?? "");
      carriedIn.cookies.set(name, outside.cookies.get(`__Host-${name}`) ?? "");
    }
    expect(await sessionAnswer(carriedOut)).toEqual([401, "session_ended"]);
    expect(await sessionAnswer(carriedIn)).toEqual([401, "session_ended"]);
    // The public address ignores a cookie with the local name.
    for (const name of names) carriedOut.cookies.delete(`__Host-${name}`);
    expect(await sessionAnswer(carriedOut)).toEqual([401, "no_credentials"]);
  });

  test("a local session cookie is ignored if the request only claims a local address", async () => {
    const atHost = await signedIn(browserAt(local));
    const impostor = openBrowser(world, { origin: local, ip: "203.0.113.200" });
    for (const [name, value] of atHost.cookies) impostor.cookies.set(name, value);
    expect(await sessionAnswer(impostor)).toEqual([401, "no_credentials"]);
    const csrfAnswer = await impostor.fetch("/api/auth/csrf");
    expect(csrfAnswer.status).toBe(403);
  });

  test("a local session cookie is ignored if a proxy on the host forwarded the request", async () => {
    const atHost = await signedIn(browserAt(local));
    expect(await sessionAnswer(atHost)).toEqual([200, undefined]);
    for (const name of ["x-forwarded-for", "forwarded", "via", "x-real-ip", "x-forwarded-host", "x-forwarded-proto"]) {
      expect(await sessionAnswer(atHost, { [name]: "x" })).toEqual([401, "no_credentials"]);
      expect((await atHost.fetch("/api/auth/csrf", { headers: { [name]: "x" } })).status).toBe(403);
    }
  });

  test("the first of two session cookies counts", async () => {
    const browser = await signedIn();
    const good = browser.cookies.get(cookie) ?? "";
    const fetchWith = async (line: string) => {
      const visitor = browserAt();
      const answer = await visitor.fetch("/api/trpc/auth.session", { headers: { cookie: line } });
      return answer.status;
    };
    expect(await fetchWith(`${cookie}=${good}`)).toBe(200);
    expect(await fetchWith(`${cookie}=nonsense; ${cookie}=${good}`)).toBe(401);
    expect(await fetchWith(`${cookie.toUpperCase()}=${good}`)).toBe(401);
  });
});

describe("a key together with a cookie (TM-34)", () => {
  const keys: [string, () => Promise<string>, string][] = [
    ["of an invalid form", async () => "pcl_nonsense", "key_unknown"],
    ["that is empty", async () => "", "key_unknown"],
    ["that is unknown", async () => makeApiKey(randomBytes).key, "key_unknown"],
    ["that expired", () => acme.key("owner", { expiresAt: new Date(Date.now() - 1_000) }), "key_expired"],
  ];
  test.each(keys)("a key %s is refused even with a valid cookie and token", async (_title, keyOf, reason) => {
    const browser = await signedIn();
    const key = await keyOf();
    for (const procedure of ["projects.list", "projects.create"]) {
      const { status, error } = await browser.call(procedure, { name: "With both" }, { "x-api-key": key });
      expect([status, error.data.reason]).toEqual([401, reason]);
    }
  });

  test("a valid key takes precedence over the cookie and needs neither token nor origin", async () => {
    const browser = await signedIn();
    const key = await beta.key("owner");
    const headers = { "x-api-key": key, "x-csrf-token": "", origin: "https://evil.example.org" };
    const { status, data } = await browser.call<{ projectId: string }>("projects.create", { name: "By key" }, headers);
    expect(status).toBe(200);
    const [row] = await readRows(world.db.owner, projects, { projectId: data.projectId }, ["organizationId"]);
    expect(row?.organizationId).toBe(beta.organizationId);
  });
});

describe.each(["x-organization", "x-organization-id"])("%s", (header) => {
  const foreignIds = () => [
    ...[beta.organizationId, newId("organization"), slugs.beta, "no-such-slug", slugs.acme.toUpperCase()],
    ...["", "x", "_", "' or 1=1 --", "é", `${slugs.acme}, ${slugs.acme}`, "a".repeat(4_000)],
  ];

  test("a session gets 404 for a foreign organization as for an unknown one", async () => {
    const browser = await signedIn();
    const inputs: [string, Record<string, unknown>][] = [
      ["auth.session", {}],
      ["projects.list", {}],
      ["projects.create", { name: "Elsewhere" }],
      ["organizations.one", {}],
      ["organizations.update", { name: "Mine now" }],
      ["auth.sessions.list", {}],
    ];
    for (const [procedure, input] of inputs) {
      for (const organizationId of foreignIds()) {
        const { status, error } = await browser.call(procedure, input, { [header]: organizationId });
        expect([procedure, organizationId, status, error?.data.reason]).toEqual([
          procedure,
          organizationId,
          404,
          "not_found",
        ]);
      }
      const own = await browser.call(procedure, input, { [header]: acme.organizationId });
      expect([procedure, own.status]).toEqual([procedure, 200]);
    }
    const { organizationId } = beta;
    expect(await readRows(world.db.owner, projects, { organizationId, name: "Elsewhere" })).toHaveLength(0);
  });

  test("a key gets 404 for a foreign organization, and its own organization changes nothing", async () => {
    const key = await acme.key("owner");
    const callWithKey = (organizationId: string, procedure = "projects.list") =>
      browserAt().call(procedure, {}, { "x-api-key": key, [header]: organizationId });
    for (const procedure of ["auth.session", "projects.list", "organizations.one", "keys.list"]) {
      for (const organizationId of foreignIds()) {
        const { status, error } = await callWithKey(organizationId, procedure);
        expect([procedure, organizationId, status, error.data.reason]).toEqual([
          procedure,
          organizationId,
          404,
          "not_found",
        ]);
      }
      expect((await callWithKey(acme.organizationId, procedure)).status).toBe(200);
    }
  });

  test("a session acts in another organization of the person with the role there", async () => {
    const gamma = await world.organization();
    const eve = await givenPerson(world);
    await givenMember(world, acme.organizationId, eve, "owner");
    await givenMember(world, gamma.organizationId, eve, "viewer");
    const { browser } = await givenSession(world, eve);
    const there = { [header]: gamma.organizationId };
    const session = await browser.call<{ organization: { organizationId: string }; principal: { role: string } }>(
      "auth.session",
      {},
      there,
    );
    expect(session.data).toMatchObject({
      organization: { organizationId: gamma.organizationId },
      principal: { role: "viewer" },
    });
    expect((await browser.call("projects.create", { name: "Here" })).status).toBe(200);
    const refused = await browser.call("projects.create", { name: "There" }, there);
    expect([refused.status, refused.error.data.reason]).toEqual([403, "forbidden"]);
    await deleteRows(world.db.owner, members, { userId: eve.userId, organizationId: gamma.organizationId });
    expect(await sessionAnswer(browser, there)).toEqual([404, "not_found"]);
    expect(await sessionAnswer(browser)).toEqual([200, undefined]);
  });

  test("a refused attempt at a foreign organization is audited only in the caller's organization", async () => {
    const browser = await signedIn();
    const answer = await browser.call("claims.list", {}, { [header]: beta.organizationId });
    const rows = await readRows(world.db.owner, auditEntries, { requestId: answer.headers.get("x-request-id") ?? "" }, [
      "organizationId",
      "reason",
      "actorId",
    ]);
    expect(rows).toEqual([{ organizationId: acme.organizationId, reason: "not_found", actorId: ada.userId }]);
  });
});

describe("a person in two organizations", () => {
  interface SessionOf {
    readonly organization: { readonly organizationId: string; readonly slug: string };
  }

  async function inBoth() {
    const eve = await givenPerson(world);
    await givenMember(world, acme.organizationId, eve, "owner");
    await givenMember(world, beta.organizationId, eve, "owner");
    const { browser } = await givenSession(world, eve);
    const organizationOf = async (headers: Record<string, string> = {}) =>
      (await browser.call<SessionOf>("auth.session", {}, headers)).data.organization;
    return { eve, browser, organizationOf };
  }

  test("two tabs of one session work in two organizations that they name by slugs", async () => {
    const { browser } = await inBoth();
    const names = async (organization: string) => {
      const { data } = await browser.call<{ items: { name: string }[] }>(
        "projects.list",
        {},
        { "x-organization": organization },
      );
      return data.items.map(({ name }) => name);
    };
    for (const slug of [slugs.acme, slugs.beta]) {
      const created = await browser.call("projects.create", { name: `Tab of ${slug}` }, { "x-organization": slug });
      expect(created.status).toBe(200);
    }
    expect(await names(slugs.acme)).toContain(`Tab of ${slugs.acme}`);
    expect(await names(slugs.beta)).toContain(`Tab of ${slugs.beta}`);
    expect(await names(slugs.acme)).not.toContain(`Tab of ${slugs.beta}`);
  });

  test("the organization that a session chose stays its default, and the header applies to one request", async () => {
    const { browser, organizationOf } = await inBoth();
    const { organizationId } = beta;
    expect((await browser.call("auth.setActiveOrganization", { organizationId })).status).toBe(200);
    expect(await organizationOf()).toMatchObject({ organizationId, slug: slugs.beta });
    expect(await organizationOf({ "x-organization": slugs.acme })).toMatchObject(acmeAsNamed());
    expect(await organizationOf()).toMatchObject({ organizationId });
  });

  const acmeAsNamed = () => ({ organizationId: acme.organizationId, slug: slugs.acme });

  test("a request that names two organizations is refused, although the person is a member of both", async () => {
    const { browser, organizationOf } = await inBoth();
    const both = { "x-organization": slugs.acme, "x-organization-id": beta.organizationId };
    expect(await sessionAnswer(browser, both)).toEqual([404, "not_found"]);
    expect(await sessionAnswer(browser, { "x-organization": `${slugs.acme}, ${slugs.beta}` })).toEqual([
      404,
      "not_found",
    ]);
    const same = { "x-organization": acme.organizationId, "x-organization-id": acme.organizationId };
    expect(await organizationOf(same)).toMatchObject(acmeAsNamed());
  });

  test("a change in a named organization still needs the token and the origin of a page", async () => {
    const { browser } = await inBoth();
    const there = { "x-organization": slugs.beta };
    for (const [headers, reason] of [
      [{ ...there, "x-csrf-token": "" }, "csrf_token"],
      [{ ...there, origin: "https://evil.example.org" }, "foreign_origin"],
    ] as const) {
      const { status, error } = await browser.call("projects.create", { name: "Forged" }, headers);
      expect([status, error.data.reason]).toEqual([403, reason]);
    }
  });

  test("a download names its organization in the query, because a link sends no headers", async () => {
    const { browser } = await inBoth();
    await browser.call("projects.create", { name: "Only in Beta" }, { "x-organization": slugs.beta });
    const exported = async (query: string) => {
      const response = await browser.fetch(`/api/audit/export?objectKind=project${query}`);
      return [response.status, (await response.text()).includes("Only in Beta")];
    };
    expect(await exported(`&organization=${slugs.beta}`)).toEqual([200, true]);
    expect(await exported(`&organization=${slugs.acme}`)).toEqual([200, false]);
    expect(await exported("&organization=no-such-slug")).toEqual([404, false]);
    expect(await exported(`&organization=${slugs.beta}&organization=${slugs.acme}`)).toEqual([404, false]);
  });
});

describe("a removed member", () => {
  test("a removed member loses access at the next request, by session and by key", async () => {
    const eve = await givenPerson(world);
    const memberId = await givenMember(world, acme.organizationId, eve, "owner");
    const { browser } = await givenSession(world, eve);
    const created = await browser.call<{ key: string }>("keys.create", { name: "Hers", role: "owner" });
    const byKey = world.callAs(created.data.key);
    expect((await byKey("projects.list")).status).toBe(200);
    expect((await browser.call("projects.list")).status).toBe(200);
    await deleteRows(world.db.owner, members, { memberId });
    const [key, session] = [await byKey("projects.list"), await browser.call("projects.list")];
    expect([key.status, key.error.data.reason]).toEqual([401, "key_holder_left"]);
    expect([session.status, session.error.data.reason]).toEqual([403, "no_organization"]);
  });

  test("a member whose role is lowered has only that role at the next request", async () => {
    const eve = await givenPerson(world);
    const memberId = await givenMember(world, acme.organizationId, eve, "owner");
    const { browser } = await givenSession(world, eve);
    const { data } = await browser.call<{ key: string }>("keys.create", { name: "Hers", role: "owner" });
    await updateRows(world.db.owner, members, { memberId }, { role: "viewer" });
    const [key, session] = [
      await world.callAs(data.key)("projects.create", { name: "No" }),
      await browser.call("projects.create", { name: "No" }),
    ];
    expect([key.status, key.error.data.reason]).toEqual([403, "forbidden"]);
    expect([session.status, session.error.data.reason]).toEqual([403, "forbidden"]);
  });
});

describe("a forged X-Forwarded-For (TM-2)", () => {
  test("a forged X-Forwarded-For gives no additional sign-in attempts", async () => {
    const attacker = openBrowser(world, { ip: "198.51.100.9" });
    const csrfToken = await attacker.formToken();
    const statuses: number[] = [];
    for (let at = 0; at < 7; at++) {
      const answer = await attacker.fetch("/api/auth/callback/password", {
        method: "POST",
        headers: {
          "content-type": "application/x-www-form-urlencoded",
          "x-forwarded-for": `192.0.2.${at}`,
          "x-real-ip": `192.0.2.${at}`,
          forwarded: `for=192.0.2.${at}`,
        },
        body: new URLSearchParams({ email: "x@example.org", password: "y", csrfToken, json: "true" }).toString(),
      });
      statuses.push(answer.status);
      if (answer.status === 429) expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
  });

  test("a forged X-Forwarded-For affects neither the allowed networks of a key nor the audit log", async () => {
    const created = await acme.call<{ key: string; apiKeyId: string }>("keys.create", {
      name: "Home",
      role: "viewer",
      allowedIps: ["192.0.2.0/24"],
    });
    const outside = openBrowser(world, { ip: "198.51.100.10" });
    const headers = { "x-api-key": created.data.key, "x-forwarded-for": "192.0.2.1" };
    const refused = await outside.call("projects.list", {}, headers);
    expect([refused.status, refused.error.data.reason]).toEqual([401, "key_ip_refused"]);
    const [entry] = await readRows(
      world.db.owner,
      auditEntries,
      { requestId: refused.headers.get("x-request-id") ?? "" },
      ["ip"],
    );
    expect(entry?.ip).toBe("198.51.100.10");
    const inside = openBrowser(world, { ip: "192.0.2.77" });
    expect((await inside.call("projects.list", {}, { "x-api-key": created.data.key })).status).toBe(200);
  });
});
