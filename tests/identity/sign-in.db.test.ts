import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditEntries } from "#drizzle/audit";
import { sessions } from "#drizzle/persons";
import { openBrowser } from "../support/browser";
import { readCallResponse, reasonOf } from "../support/call-response";
import { givenMember, givenPerson } from "../support/people";
import { readRows, updateRows } from "../support/rows/table";
import { type GivenOrganization, openWorld, type World } from "../support/world";

let world: World;
let organization: GivenOrganization;

beforeAll(async () => {
  world = await openWorld();
  organization = await world.organization();
});
afterAll(() => world.close());

describe("signing in with a password", () => {
  it("a password sign-in opens a session that returns the person's identity and permissions (TM-4)", async () => {
    const person = await givenPerson(world);
    await givenMember(world, organization.organizationId, person, "developer");
    const browser = openBrowser(world);
    const signedIn = await browser.signIn("password", { email: person.email, password: person.password });
    expect(signedIn.status).toBe(200);
    expect(signedIn.headers.get("cache-control")).toBe("no-store");
    expect([...browser.cookies.keys()]).toContain("__Host-portcullis.session");
    const { status, data } = await browser.call<{ principal: { email: string; role: string }; permissions: string[] }>(
      "auth.session",
    );
    expect(status).toBe(200);
    expect(data.principal).toMatchObject({ kind: "session", email: person.email, role: "developer" });
    expect(data.permissions).toContain("security:create");
    expect(data.permissions).not.toContain("organization:delete");
  });

  it.each([
    ["24 hours", {}, 24],
    ["7 days if the person asks to be remembered", { remember: "true" }, 168],
  ])("a session ends after %s even if it is in use (TM-5, TM-6, AM-6)", async (_duration, fields, hours) => {
    const person = await givenPerson(world);
    await givenMember(world, organization.organizationId, person, "owner");
    const browser = openBrowser(world, { ip: `192.0.2.${hours}` });
    const start = Date.parse("2026-11-20T10:00:00Z");
    try {
      world.now = new Date(start);
      await browser.signIn("password", { email: person.email, password: person.password, ...fields });
      const lastSeenAt = sql`expires_at - interval '1 minute'`;
      await updateRows(world.db.owner, sessions, { userId: person.userId }, { lastSeenAt });
      world.now = new Date(start + hours * 3_600_000 - 1_000);
      expect((await browser.call("auth.session")).status).toBe(200);
      world.now = new Date(start + hours * 3_600_000);
      expect((await browser.call("auth.session")).error.data.reason).toBe("session_ended");
    } finally {
      world.now = null;
    }
  });

  it("sign-in gives the same answer for a wrong password and for an unknown account (AM-13)", async () => {
    const person = await givenPerson(world);
    const [wrong, unknown] = [openBrowser(world, { ip: "203.0.113.8" }), openBrowser(world, { ip: "203.0.113.9" })];
    const answers = await Promise.all([
      wrong.signIn("password", { email: person.email, password: "not this one at all" }),
      unknown.signIn("password", { email: "nobody@example.org", password: "not this one at all" }),
    ]);
    for (const answer of answers) expect(reasonOf(answer)).toEqual([401, "sign_in_refused"]);
    expect(wrong.cookies.has("__Host-portcullis.session")).toBe(false);
  });

  it("sign-in answers an e-mail address with a NUL character like an unknown account (AM-13)", async () => {
    const browser = openBrowser(world, { ip: "203.0.113.11" });
    const answer = await browser.signIn("password", { email: "typed\0here@example.org", password: "not this one" });
    expect(reasonOf(answer)).toEqual([401, "sign_in_refused"]);
    expect(answer.text).not.toContain("typed");
  });

  it("sign-out ends the session, also for a copy of the cookie (TM-7)", async () => {
    const person = await givenPerson(world);
    await givenMember(world, organization.organizationId, person, "owner");
    const [browser, copy] = [openBrowser(world, { ip: "203.0.113.10" }), openBrowser(world, { ip: "198.51.100.1" })];
    await browser.signIn("password", { email: person.email, password: person.password });
    for (const [name, value] of browser.cookies) copy.cookies.set(name, value);
    expect((await copy.call("auth.session")).status).toBe(200);
    await browser.signOut();
    const entries = await readRows(world.db.owner, auditEntries, { actorId: person.userId, outcome: "done" }, [
      "action",
      "organizationId",
    ]);
    expect(entries).toEqual(
      ["auth.signIn", "auth.signOut"].map((action) => ({ action, organizationId: organization.organizationId })),
    );
    const refused = await copy.call("auth.session");
    expect(refused.status).toBe(401);
    expect(refused.error.data.reason).toBe("session_ended");
  });

  it.each(["callback/password", "callback/link", "signout"])(
    "a wrong form token at %s is refused with csrf_token and recorded (TM-32)",
    async (path) => {
      const person = await givenPerson(world);
      const browser = openBrowser(world, { ip: `203.0.113.${20 + path.length}` });
      await browser.signIn("password", { email: person.email, password: person.password });
      await browser.fetch("/api/auth/csrf");
      const form = { email: person.email, password: person.password, csrfToken: "0".repeat(64), json: "true" };
      const response = await browser.fetch(`/api/auth/${path}`, {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams(form).toString(),
      });
      const refused = await readCallResponse(response);
      expect(reasonOf(refused)).toEqual([403, "csrf_token"]);
      const { requestId } = refused.error.data;
      const [entry] = await readRows(world.db.owner, auditEntries, { requestId }, ["reason"]);
      expect(entry).toEqual({ reason: "csrf_token" });
      expect((await browser.call("auth.sessions.list")).status).toBe(200);
    },
  );

  it("a change from another origin or without the CSRF token of the session is refused (TM-32)", async () => {
    const person = await givenPerson(world);
    await givenMember(world, organization.organizationId, person, "owner");
    const browser = openBrowser(world, { ip: "203.0.113.11" });
    await browser.signIn("password", { email: person.email, password: person.password });
    const attempts = [
      [{ origin: "https://evil.example.org" }, "foreign_origin"],
      [{ "x-csrf-token": "" }, "csrf_token"],
      [{ "x-csrf-token": "A".repeat(43) }, "csrf_token"],
    ] as const;
    for (const [headers, reason] of attempts) {
      const answer = await browser.call("projects.create", { name: "Mine" }, headers);
      expect(answer.status).toBe(403);
      expect(answer.error.data.reason).toBe(reason);
    }
    expect((await browser.call("projects.create", { name: "Mine" })).status).toBe(200);
    const withKey = await browser.call("projects.list", {}, { "x-api-key": "pcl_nonsense" });
    expect(withKey.error.data.reason).toBe("key_unknown");
  });
});
