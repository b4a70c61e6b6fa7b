import { eq, ne } from "drizzle-orm";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { apiKeys } from "#drizzle/api-keys";
import { auditEntries } from "#drizzle/audit";
import { organizations } from "#drizzle/organizations";
import { links } from "#drizzle/persons";
import { insertLink } from "#src/identity/links";
import { makeSetUpLink } from "#src/main/host/make-set-up-link";
import type { LinkRuntime } from "#src/main/host/password-link";
import { resetPassword } from "#src/main/host/reset-password";
import { setUp } from "#src/main/host/set-up";
import { openBrowser } from "../support/browser";
import { reasonOf } from "../support/call-response";
import { givenMember, givenPerson } from "../support/people";
import { totpRows } from "../support/rows/persons";
import { readRows } from "../support/rows/table";
import { registerSecret } from "../support/secrets";
import { openWorld, testOrigin, type World } from "../support/world";

let world: World;
let host: LinkRuntime;
let address = 0;

/** Each test has an installation that is not set up. */
beforeEach(async () => {
  world = await openWorld();
  host = { ...world.runtime, publicOrigin: testOrigin };
});
afterEach(() => world.close());

const newBrowser = () => openBrowser(world, { ip: `198.51.100.${++address}` });
const tokenIn = (url: string | null | undefined) => registerSecret(url?.split("#")[1] ?? "");
const readLink = async (token: string) =>
  (await newBrowser().call<Record<string, unknown>>("auth.link", { token })).data;

const password = registerSecret("a horse of another colour");
const form = { email: "Ada@example.org", organization: "Acme", name: "Ada", password };

describe("the set-up link that a start prints on an empty installation (AM-28)", () => {
  it("the set-up link creates the organization and its owner with password and session, once", async () => {
    const url = await makeSetUpLink(host);
    expect(url).toMatch(/^https:\/\/portcullis\.example\.org\/setup#[\w-]{43}$/);
    const token = tokenIn(url);
    expect(await readLink(token)).toMatchObject({ state: "good", purpose: "set_up", email: null, message: null });
    const browser = newBrowser();
    expect((await browser.signIn("link", { token, ...form })).status).toBe(200);
    const { data } = await browser.call<Record<string, never>>("auth.session");
    expect(data).toMatchObject({
      principal: { email: "ada@example.org", role: "owner", methods: ["link"] },
      organization: { name: "Acme", root: true },
      pending: null,
    });
    expect((await browser.call("projects.create", { name: "First" })).status).toBe(200);
    expect((await newBrowser().signIn("password", { email: "ada@example.org", password })).status).toBe(200);
    expect(await makeSetUpLink(host)).toBeNull();

    const again = await newBrowser().signIn("link", { token, ...form, email: "eve@example.org" });
    expect(reasonOf(again)).toEqual([409, "link_used"]);
    expect(await readLink(token)).toMatchObject({
      state: "used",
      message: "This set-up link was already used. Sign in with the password that was chosen with it.",
    });
    await expect(setUp(host, { email: "eve@example.org", organization: "Evil" })).rejects.toMatchObject({
      reason: "already_set_up",
      message: expect.stringContaining("by its set-up link"),
    });
    const entries = await readRows(
      world.db.owner,
      auditEntries,
      [
        eq(auditEntries.actorKind, "person"),
        eq(auditEntries.outcome, "done"),
        ne(auditEntries.action, "projects.create"),
      ],
      ["action", "actorName", "authenticatedBy"],
    );
    expect(entries).toMatchObject([
      { action: "organization.create", actorName: "ada@example.org", authenticatedBy: "link" },
      { action: "auth.signIn", actorName: "ada@example.org", authenticatedBy: "link" },
      { action: "auth.signIn", authenticatedBy: "password" },
    ]);
    expect(await readRows(world.db.owner, apiKeys)).toEqual([]); // a key would never be shown
  });

  it("a set-up link has ended with a message if the command line set up the installation", async () => {
    const token = tokenIn(await makeSetUpLink(host));
    const { setupUrl, apiKey } = await setUp(host, { email: "ada@example.org", organization: "Acme" });
    registerSecret(apiKey.key);
    const late = await newBrowser().signIn("link", { token, ...form });
    expect(reasonOf(late)).toEqual([409, "link_ended"]);
    expect(await readLink(token)).toMatchObject({ state: "ended", message: expect.stringContaining("command line") });
    expect(await readLink(tokenIn(setupUrl))).toMatchObject({
      state: "good",
      purpose: "password",
      email: "ada@example.org",
    });
    const browser = newBrowser();
    expect((await browser.signIn("link", { token: tokenIn(setupUrl), password })).status).toBe(200);
    expect((await browser.call<Record<string, never>>("auth.session")).data).toMatchObject({
      principal: { email: "ada@example.org", role: "owner" },
    });
  });

  it("a set-up link ends when another start prints a new one, and after 30 minutes", async () => {
    const first = tokenIn(await makeSetUpLink(host));
    const second = tokenIn(await makeSetUpLink(host));
    expect(await readLink(first)).toMatchObject({ state: "ended", message: expect.stringContaining("newer link") });
    const now = Date.now();
    world.now = new Date(now + 29 * 60_000);
    expect(await readLink(second)).toMatchObject({ state: "good" });
    world.now = new Date(now + 31 * 60_000);
    expect(await readLink(second)).toMatchObject({ state: "expired" });
    const late = await newBrowser().signIn("link", { token: second, ...form });
    expect(reasonOf(late)).toEqual([409, "link_expired"]);
    expect(await readRows(world.db.owner, organizations)).toEqual([]);
  });

  it("a set-up link can be used by only one of several concurrent requests", async () => {
    const token = tokenIn(await makeSetUpLink(host));
    const all = await Promise.all(
      [1, 2, 3, 4].map((number) => newBrowser().signIn("link", { token, ...form, email: `ada${number}@example.org` })),
    );
    expect(all.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
    expect(await readRows(world.db.owner, organizations)).toHaveLength(1);
  });

  it("a set-up link and the command line used concurrently set up one organization", async () => {
    const token = tokenIn(await makeSetUpLink(host));
    const [byLink, byCommand] = await Promise.allSettled([
      newBrowser().signIn("link", { token, ...form }),
      setUp(host, { email: "eve@example.org", organization: "Other" }),
    ]);
    if (byCommand.status === "fulfilled") registerSecret(byCommand.value.apiKey.key);
    else expect(byCommand.reason).toMatchObject({ reason: "already_set_up" });
    const status = byLink.status === "fulfilled" ? byLink.value.status : 0;
    expect([status, byCommand.status]).toEqual(status === 200 ? [200, "rejected"] : [409, "fulfilled"]);
    expect(await readRows(world.db.owner, organizations)).toHaveLength(1);
  });

  it("a set-up link that was created during a set-up is refused with already_set_up", async () => {
    const { apiKey } = await setUp(host, { email: "ada@example.org", organization: "Acme" });
    registerSecret(apiKey.key);
    const { token } = await world.runtime.database.transaction("host", null, (tx) =>
      insertLink(tx, { purpose: "set_up" }, { now: new Date(), random: world.runtime.random }),
    );
    const refused = await newBrowser().signIn("link", { token, ...form, email: "eve@example.org" });
    expect(reasonOf(refused)).toEqual([409, "already_set_up"]);
    expect(await readRows(world.db.owner, organizations)).toHaveLength(1);
  });

  it.each([
    [{ email: "ada" }, "invalid_input", "email"],
    [{ organization: "" }, "invalid_input", "organization"],
    [{ password: "short" }, "weak_password", "password"],
    [{ password: "password1234" }, "weak_password", "password"],
    [{ password: "ada@example.org" }, "weak_password", "password"],
  ])("a set-up link stays valid if the form has an invalid field: %j", async (wrong, reason, field) => {
    const token = tokenIn(await makeSetUpLink(host));
    const refused = await newBrowser().signIn("link", { token, ...form, ...wrong });
    expect(reasonOf(refused)).toEqual([400, reason]);
    expect(refused.error.data.fields).toMatchObject({ [field]: expect.any(String) });
    expect((await newBrowser().signIn("link", { token, ...form })).status).toBe(200);
  });

  it("a set-up link is stored as a hash and is neither in the log nor in the audit log", async () => {
    const token = tokenIn(await makeSetUpLink(host));
    await readLink(token);
    await newBrowser().signIn("link", { token, ...form });
    const everything = JSON.stringify([
      await readRows(world.db.owner, links),
      await readRows(world.db.owner, auditEntries),
    ]);
    expect(everything).not.toContain(token);
    expect(world.log()).not.toContain(token);
    expect(everything + world.log()).not.toContain(password);
  });
});

describe("an unknown link", () => {
  it("an unknown link is refused with link_unknown, whatever its form", async () => {
    for (const token of ["", "x", "A".repeat(43)]) {
      expect(await readLink(token)).toEqual({
        state: "unknown",
        message: expect.any(String),
        purpose: null,
        email: null,
        expiresAt: null,
      });
      const refused = await newBrowser().signIn("link", { token, ...form });
      expect(reasonOf(refused)).toEqual([401, "link_unknown"]);
    }
  });

  it("guessing links is rate limited by address", async () => {
    const browser = newBrowser();
    for (let count = 0; count < 5; count++) await browser.signIn("link", { token: "A".repeat(43) });
    const refused = await browser.signIn("link", { token: "A".repeat(43) });
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, expect.stringMatching(/^\d+$/)]);
    for (let count = 0; count < 10; count++) await browser.call("auth.link", { token: "A".repeat(43) });
    const limitedRead = await browser.call("auth.link", { token: "A".repeat(43) });
    expect([limitedRead.status, limitedRead.headers.get("retry-after")]).toEqual([429, expect.stringMatching(/^\d+$/)]);
  });

  it("reading a link is refused for a page of another origin", async () => {
    const refused = await newBrowser().call(
      "auth.link",
      { token: "A".repeat(43) },
      { origin: "https://evil.example.org" },
    );
    expect([refused.status, refused.error.data.reason]).toEqual([403, "foreign_origin"]);
  });
});

describe("a password link (TM-23)", () => {
  async function givenLockedOut() {
    const organization = await world.organization();
    const person = await givenPerson(world);
    await givenMember(world, organization.organizationId, person, "admin");
    return person;
  }

  it("a password reset ends every session and the old password, and only the link sets a new one", async () => {
    const person = await givenLockedOut();
    const device = newBrowser();
    await device.signIn("password", { email: person.email, password: person.password });
    const token = tokenIn((await resetPassword(host, { email: person.email })).url);
    expect((await device.call("auth.session")).status).toBe(401);
    expect((await newBrowser().signIn("password", { email: person.email, password: person.password })).status).toBe(
      401,
    );
    const browser = newBrowser();
    expect((await browser.signIn("link", { token, password })).status).toBe(200);
    expect((await browser.call("projects.list")).status).toBe(200);
    expect((await newBrowser().signIn("password", { email: person.email, password })).status).toBe(200);
    const again = await newBrowser().signIn("link", { token, password: "yet another horse" });
    expect(reasonOf(again)).toEqual([409, "link_used"]);
  });

  it("using a password link ends sessions that were opened after the reset", async () => {
    const person = await givenLockedOut();
    const device = newBrowser();
    await device.signIn("password", { email: person.email, password: person.password });
    const { runtime } = world;
    const { token } = await runtime.database.transaction("identity", null, (tx) =>
      insertLink(
        tx,
        { purpose: "password", userId: person.userId },
        { now: runtime.clock.now(), random: runtime.random },
      ),
    );
    expect((await newBrowser().signIn("link", { token: registerSecret(token), password })).status).toBe(200);
    expect((await device.call("auth.session")).status).toBe(401);
  });

  it("a password link does not replace the second factor", async () => {
    const person = await givenLockedOut();
    await totpRows.insert(world.db.owner, { userId: person.userId, confirmedAt: new Date() });
    const token = tokenIn((await resetPassword(host, { email: person.email })).url);
    const browser = newBrowser();
    expect((await browser.signIn("link", { token, password })).status).toBe(200);
    const refused = await browser.call("projects.list");
    expect([refused.status, refused.error.data.reason]).toEqual([403, "second_factor_required"]);
  });

  it("a password link works for an account that a stranger has locked, and ends the lockout", async () => {
    const person = await givenLockedOut();
    const token = tokenIn((await resetPassword(host, { email: person.email })).url);
    for (let count = 0; count < 5; count++) {
      await newBrowser().signIn("password", { email: person.email, password: "wrong" });
    }
    expect((await newBrowser().signIn("password", { email: person.email, password })).status).toBe(429);
    expect((await newBrowser().signIn("link", { token, password })).status).toBe(200);
    expect((await newBrowser().signIn("password", { email: person.email, password })).status).toBe(200);
  });

  it("a password link ends when the password is changed in another way", async () => {
    const person = await givenLockedOut();
    const device = newBrowser();
    await device.signIn("password", { email: person.email, password: person.password });
    const { token } = await world.runtime.database.transaction("identity", null, (tx) =>
      insertLink(
        tx,
        { purpose: "password", userId: person.userId },
        { now: world.runtime.clock.now(), random: world.runtime.random },
      ),
    );
    registerSecret(token);
    expect(await readLink(token)).toMatchObject({ state: "good", email: person.email });
    const input = { currentPassword: person.password, newPassword: password };
    expect((await device.call("auth.password.change", input)).status).toBe(200);
    expect(await readLink(token)).toMatchObject({
      state: "ended",
      message: expect.stringContaining("changed"),
      email: null,
    });
    const refused = await newBrowser().signIn("link", { token, password: "yet another horse" });
    expect(reasonOf(refused)).toEqual([409, "link_ended"]);
    expect((await newBrowser().signIn("password", { email: person.email, password })).status).toBe(200);
  });

  it("a password link ends when a newer one is created", async () => {
    const person = await givenLockedOut();
    const [first, second] = [
      tokenIn((await resetPassword(host, { email: person.email })).url),
      tokenIn((await resetPassword(host, { email: person.email })).url),
    ];
    const refused = await newBrowser().signIn("link", { token: first, password });
    expect(reasonOf(refused)).toEqual([409, "link_ended"]);
    expect((await newBrowser().signIn("link", { token: second, password })).status).toBe(200);
    expect(await readLink(second)).toMatchObject({ state: "used", email: null });
  });
});
