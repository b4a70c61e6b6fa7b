import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditEntries } from "#drizzle/audit";
import { passwords, sessions } from "#drizzle/persons";
import { type Browser, openBrowser } from "#tests/support/browser";
import { type GivenPerson, givenMember, givenPerson } from "#tests/support/people";
import { deleteRows, readRows, updateRows } from "#tests/support/rows/table";
import { registerSecret } from "#tests/support/secrets";
import { type GivenOrganization, openWorld, type World } from "#tests/support/world";

let world: World;
let organization: GivenOrganization;
beforeAll(async () => {
  world = await openWorld();
  organization = await world.organization();
});
afterAll(() => world.close());

let address = 0;
async function signedIn(person: GivenPerson, userAgent = "Test/1"): Promise<Browser> {
  const browser = openBrowser(world, { ip: `198.51.100.${++address}`, userAgent });
  const { status } = await browser.signIn("password", { email: person.email, password: person.password });
  expect(status).toBe(200);
  return browser;
}

/** A browser at another address that holds a copy of this browser's cookies. */
function copyOf(browser: Browser): Browser {
  const thief = openBrowser(world, { ip: `203.0.113.${++address}` });
  for (const [name, value] of browser.cookies) thief.cookies.set(name, value);
  return thief;
}

async function givenOwner(): Promise<GivenPerson> {
  const person = await givenPerson(world);
  await givenMember(world, organization.organizationId, person, "owner");
  return person;
}

interface Item {
  readonly sessionId: string;
  readonly current: boolean;
  readonly ip: string;
  readonly userAgent: string;
  readonly methods: string[];
}
const listed = async (browser: Browser) => (await browser.call<{ items: Item[] }>("auth.sessions.list")).data.items;
const idOf = async (browser: Browser) => (await listed(browser)).find(({ current }) => current)?.sessionId ?? "";
const isSignedIn = async (browser: Browser) => (await browser.call("auth.session")).status === 200;

describe("auth.sessions", () => {
  it("lists the person's live sessions and marks the session that sent the request", async () => {
    const person = await givenOwner();
    const [phone, laptop] = [await signedIn(person, "Phone/1"), await signedIn(person, "Laptop/1")];
    await signedIn(await givenOwner());
    const items = await listed(phone);
    expect(items.map(({ userAgent, current, methods }) => [userAgent, current, methods]).sort()).toEqual([
      ["Laptop/1", false, ["password"]],
      ["Phone/1", true, ["password"]],
    ]);
    expect(JSON.stringify(items)).not.toMatch(/hash|[0-9a-f]{64}/);
    expect(await idOf(laptop)).not.toBe(await idOf(phone));
  });

  it("omits a session that expired because it was idle", async () => {
    const person = await givenOwner();
    await signedIn(person);
    const hour = 3_600_000;
    try {
      world.now = new Date(Date.now() + 3 * hour); // idle
      expect(await listed(await signedIn(person))).toHaveLength(1);
    } finally {
      world.now = null;
    }
  });

  it("revoking another session ends it at its next request and writes an audit entry (TM-7)", async () => {
    const person = await givenOwner();
    const [phone, laptop] = [await signedIn(person), await signedIn(person)];
    const sessionId = await idOf(laptop);
    const revoked = await phone.call<{ sessionId: string }>("auth.sessions.revoke", { sessionId });
    expect([revoked.status, revoked.data.sessionId]).toEqual([200, sessionId]);
    const refused = await laptop.call("auth.session");
    expect([refused.status, refused.error.data.reason]).toEqual([401, "session_ended"]);
    expect(await isSignedIn(phone)).toBe(true);
    const entries = await readRows(world.db.owner, auditEntries, { objectId: sessionId }, ["action", "actorId", "ip"]);
    expect(entries).toMatchObject([{ action: "auth.sessions.revoke", actorId: person.userId }]);
  });

  it("returns 404 for another person's session, as for an unknown session, and does not end it", async () => {
    const [ada, bob] = [await givenOwner(), await givenOwner()];
    const [hers, his] = [await signedIn(ada), await signedIn(bob)];
    for (const sessionId of [await idOf(his), "ses_00000000000000000000000000"]) {
      const refused = await hers.call("auth.sessions.revoke", { sessionId });
      expect([refused.status, refused.error.data.reason]).toEqual([404, "not_found"]);
    }
    expect(await isSignedIn(his)).toBe(true);
  });

  it("revokeAll ends every session and every copy of their cookies; keepThis spares the current one (TM-7)", async () => {
    const person = await givenOwner();
    const [phone, laptop] = [await signedIn(person), await signedIn(person)];
    const kept = await phone.call<{ ended: number }>("auth.sessions.revokeAll", { keepThis: true });
    expect(kept.data.ended).toBe(1);
    expect([await isSignedIn(phone), await isSignedIn(laptop)]).toEqual([true, false]);
    const thief = copyOf(phone);
    expect((await phone.call<{ ended: number }>("auth.sessions.revokeAll")).data.ended).toBe(1);
    expect([await isSignedIn(phone), await isSignedIn(thief)]).toEqual([false, false]);
  });

  it("limits revokeAll to ten calls a minute from one address, then returns 429 with Retry-After (TM-38)", async () => {
    const browser = await signedIn(await givenOwner());
    for (let count = 0; count < 10; count++) {
      expect((await browser.call("auth.sessions.revokeAll", { keepThis: true })).status).toBe(200);
    }
    const refused = await browser.call("auth.sessions.revokeAll", { keepThis: true });
    expect([refused.status, refused.error.data.reason]).toEqual([429, "rate_limited"]);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(Number(refused.headers.get("retry-after"))).toBeLessThanOrEqual(60);
  });

  it("returns 403 session_required to an API key", async () => {
    const refused = await organization.call("auth.sessions.list");
    expect([refused.status, refused.error.data.reason]).toEqual([403, "session_required"]);
  });
});

describe("auth.password.change", () => {
  it("a password change ends every other session and every copy of the current cookie, which it replaces (TM-7)", async () => {
    const person = await givenOwner();
    const [phone, laptop] = [await signedIn(person), await signedIn(person)];
    const thief = copyOf(phone);
    const newPassword = "another horse entirely";
    const changed = await phone.call<{ csrfToken: string; endedSessions: number }>("auth.password.change", {
      currentPassword: person.password,
      newPassword,
    });
    expect([changed.status, changed.data.endedSessions]).toEqual([200, 1]);
    expect(phone.cookies.get("__Host-portcullis.csrf")).toBe(changed.data.csrfToken);
    for (const line of changed.headers.getSetCookie()) expect(line).toContain("Secure");
    expect(changed.headers.getSetCookie().find((line) => line.includes(".session="))).toContain("HttpOnly");
    expect([await isSignedIn(phone), await isSignedIn(laptop), await isSignedIn(thief)]).toEqual([true, false, false]);
    expect((await phone.call("projects.create", { name: "After" })).status).toBe(200);
    const browser = openBrowser(world, { ip: "198.51.101.1" });
    expect((await browser.signIn("password", { email: person.email, password: person.password })).status).toBe(401);
    expect((await browser.signIn("password", { email: person.email, password: newPassword })).status).toBe(200);
    const entries = await readRows(
      world.db.owner,
      auditEntries,
      { action: "auth.password.change", actorId: person.userId, outcome: "done" },
      ["changed"],
    );
    expect(entries).toEqual([{ changed: { endedSessions: 1 } }]);
  });

  it.each([
    [{ newPassword: "another horse entirely" }, 403, "proof_required"],
    [{ currentPassword: "not this one at all", newPassword: "another horse entirely" }, 403, "wrong_password"],
    [{ currentPassword: "=", newPassword: "short" }, 400, "weak_password"],
    [{ currentPassword: "=", newPassword: "password1234" }, 400, "weak_password"],
    [{ currentPassword: "=", newPassword: "=" }, 400, "password_unchanged"],
    [{ currentPassword: "=", newPassword: "another horse entirely", userId: "usr_1" }, 400, "invalid_input"],
  ] as const)("rejects %j with %i %s", async (input, status, reason) => {
    const person = await givenOwner();
    const browser = await signedIn(person);
    const typed = Object.fromEntries(
      Object.entries(input).map(([name, value]) => [name, value === "=" ? person.password : value]),
    );
    const refused = await browser.call("auth.password.change", typed);
    expect([refused.status, refused.error.data.reason]).toEqual([status, reason]);
    expect(await isSignedIn(browser)).toBe(true);
  });

  it("auth.password.change is the only operation that is allowed while the password must be changed", async () => {
    const person = await givenOwner();
    await updateRows(world.db.owner, passwords, { userId: person.userId }, { mustChange: true });
    const browser = await signedIn(person);
    const refused = await browser.call("projects.list");
    expect([refused.status, refused.error.data.reason]).toEqual([403, "password_change_required"]);
    const input = { currentPassword: person.password, newPassword: "another horse entirely" };
    expect((await browser.call("auth.password.change", input)).status).toBe(200);
    expect((await browser.call("projects.list")).status).toBe(200);
  });

  it("a password change requires the current password right after the person chose it through an invitation (ASVS 6.2.3)", async () => {
    const owner = await signedIn(await givenOwner());
    const email = "by-a-link@example.org";
    const { data } = await owner.call<{ url: string }>("invitations.create", { email, role: "viewer" });
    const token = registerSecret(data.url.split("#")[1] ?? "");
    const password = registerSecret("chosen by a link just now");
    const browser = openBrowser(world, { ip: "198.51.101.2" });
    expect((await browser.signIn("invitation", { token, password })).status).toBe(200);
    const newPassword = "another horse entirely";
    const refused = await browser.call("auth.password.change", { newPassword });
    expect([refused.status, refused.error?.data.reason]).toEqual([403, "proof_required"]);
    expect((await browser.call("auth.password.change", { currentPassword: password, newPassword })).status).toBe(200);
  });

  it("a person without a password can set one, but only within ten minutes of the sign-in", async () => {
    const person = await givenOwner();
    const [early, late] = [await signedIn(person), await signedIn(person)];
    await deleteRows(world.db.owner, passwords, { userId: person.userId });
    const createdAt = new Date(Date.now() - 11 * 60_000);
    await updateRows(world.db.owner, sessions, { sessionId: await idOf(late) }, { createdAt });
    const input = { newPassword: "another horse entirely" };
    const refused = await late.call("auth.password.change", input);
    expect([refused.status, refused.error.data.reason]).toEqual([403, "recent_sign_in_required"]);
    expect((await early.call("auth.password.change", input)).status).toBe(200);
  });
});

describe("auth.setActiveOrganization", () => {
  it("switches the organization of one session, and auth.session lists all organizations of the person", async () => {
    const other = await world.organization();
    const person = await givenOwner();
    await givenMember(world, other.organizationId, person, "viewer");
    const [browser, otherSession] = [await signedIn(person), await signedIn(person)];
    type Session = { organization: { organizationId: string }; organizations: { organizationId: string }[] };
    const before = (await browser.call<Session>("auth.session")).data;
    expect(before.organization.organizationId).toBe(organization.organizationId);
    expect(before.organizations.map(({ organizationId }) => organizationId).sort()).toEqual(
      [organization.organizationId, other.organizationId].sort(),
    );
    const { status } = await browser.call("auth.setActiveOrganization", { organizationId: other.organizationId });
    expect(status).toBe(200);
    const active = async (of: Browser) => (await of.call<Session>("auth.session")).data.organization.organizationId;
    expect(await active(browser)).toBe(other.organizationId);
    expect(await active(otherSession)).toBe(organization.organizationId);
    expect((await browser.call("projects.create", { name: "No" })).status).toBe(403);
  });

  it("returns 404 for an organization that the person is not a member of, whether it exists or not", async () => {
    const stranger = await world.organization();
    const browser = await signedIn(await givenOwner());
    for (const organizationId of [stranger.organizationId, "org_00000000000000000000000000"]) {
      const refused = await browser.call("auth.setActiveOrganization", { organizationId });
      expect([refused.status, refused.error.data.reason]).toEqual([404, "not_found"]);
    }
  });
});
