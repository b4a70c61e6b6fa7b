import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { asSync } from "../../src/database/as-sync";
import { exposureFactsOf } from "../../src/delivery/exposure-facts";
import { readApplications } from "../../src/delivery/planner/desired-state";
import { lockedAccounts } from "../../src/identity/account-lockout";
import { challengeSeconds, newChallenge, spendChallenge } from "../../src/identity/challenges";
import { rememberState, spendState, stateSeconds } from "../../src/identity/external/states";
import { findPendingSession } from "../../src/identity/pending-session";
import { renewToken } from "../../src/identity/renew-token";
import { sweepIdentity } from "../../src/identity/sweep";
import { newToken } from "../../src/identity/tokens";
import { makeSetUpLink } from "../../src/main/host/make-set-up-link";
import { openBrowser } from "../support/browser";
import { givenMember, givenPerson } from "../support/people";
import { registerSecret } from "../support/secrets";
import { givenSession } from "../support/sessions";
import { type GivenOrganization, given, openWorld, testOrigin, type World } from "../support/world";

/** Ends that are over, and ends that cannot be read; as an SQL expression. On PostgreSQL, with all settings against us. */
const ends = [
  ["a second ago", "now() - interval '1 second'"],
  ["infinity", "'infinity'::timestamptz"],
  ["-infinity", "'-infinity'::timestamptz"],
  ["a year with five digits", "'10000-01-01 00:00:00+00'::timestamptz"],
  ["the last year that PostgreSQL knows", "'294276-12-31 00:00:00+00'::timestamptz"],
  ["a year BC", "'0044-03-15 00:00:00+00 BC'::timestamptz"],
] as const;

let world: World;
let acme: GivenOrganization;
let address = 0;

beforeAll(async () => {
  world = await openWorld();
});
beforeEach(async () => {
  acme = await world.organization();
});
afterAll(() => world.close());

const visitor = () => openBrowser(world, { ip: `198.51.100.${++address}` });
const reasonOf = (body: unknown) => (body as { error: { data: { reason: string } } }).error.data.reason;
const password = registerSecret("a river under seven bridges");

describe.each(ends)("an end of %s", (_name, end) => {
  test("refuses a set-up link, which says so, and sets up nothing", async () => {
    const fresh = await openWorld();
    try {
      const url = await makeSetUpLink({ ...fresh.runtime, publicOrigin: testOrigin });
      const token = registerSecret(url?.split("#")[1] ?? "");
      await fresh.db.asOwner(`update links set expires_at = ${end}`);
      const browser = openBrowser(fresh, { ip: "198.51.100.7" });
      const { data } = await browser.call<{ state: string }>("auth.link", { token });
      expect(data.state).toBe("expired");
      const form = { token, email: "ada@example.org", organization: "Acme", name: "Ada", password };
      const refused = await browser.signIn("link", form);
      expect([refused.status, reasonOf(refused.body)]).toEqual([409, "link_expired"]);
      expect(await fresh.db.asOwner("select 1 from organizations")).toEqual([]);
    } finally {
      await fresh.close();
    }
  });

  test("refuses an invitation, and lets the address be invited again", async () => {
    const email = `late-${++address}@example.org`;
    const made = await given(acme).ok<{ invitationId: string; url: string }>("invitations.create", {
      email,
      role: "viewer",
    });
    const token = registerSecret(made.url.slice(made.url.indexOf("#") + 1));
    await world.db.asOwner(`update invitations set expires_at = ${end} where invitation_id = $1`, [made.invitationId]);
    const refused = await visitor().signIn("invitation", { token, password });
    expect([refused.status, reasonOf(refused.body)]).toEqual([409, "invitation_expired"]);
    expect(await world.db.asOwner("select 1 from users where email = $1", [email])).toEqual([]);
    expect((await acme.call("invitations.create", { email, role: "viewer" })).status).toBe(200);
  });

  test("refuses the answer to a challenge and the state of a sign-in by a provider", async () => {
    const challenge = await newChallenge(world.runtime, { purpose: "passkey-sign-in", userId: null, sessionId: null });
    const state = newToken(world.runtime.random).token;
    await rememberState(world.runtime, state, { providerId: "idp_1", remember: false });
    await world.db.asOwner(`update challenges set expires_at = ${end}`);
    expect(await spendChallenge(world.runtime, "passkey-sign-in", challenge)).toBeNull();
    expect(await spendState(world.runtime, state, "idp_1")).toEqual({ ok: false, reason: "state_expired" });
  });

  test.each(["expires_at", "last_seen_at"])(
    "refuses a session whose %s it is, and does not list it",
    async (column) => {
      const person = await givenPerson(world);
      await givenMember(world, acme.organizationId, person, "owner");
      const [old, other] = [await givenSession(world, person), await givenSession(world, person)];
      expect((await old.browser.call("auth.session")).status).toBe(200);
      const value = column === "last_seen_at" && end.startsWith("now()") ? "now() - interval '3 hours'" : end;
      await world.db.asOwner(`update sessions set ${column} = ${value} where session_id = $1`, [old.sessionId]);
      const refused = await old.browser.call("auth.session");
      expect([refused.status, refused.error.data.reason]).toEqual([401, "session_ended"]);
      const listed = await other.browser.call<{ sessions: { sessionId: string }[] }>("auth.sessions.list", {});
      expect([listed.status, JSON.stringify(listed.data).includes(old.sessionId)]).toEqual([200, false]);
    },
  );

  test("keeps a session that waits for its second factor from taking one, and a renewed cookie from lasting", async () => {
    const person = await givenPerson(world);
    const { sessionId } = await givenSession(world, person, { stage: "second_factor" });
    const [row] = await world.db.asOwner<{ hash: string }>("select hash from sessions where session_id = $1", [
      sessionId,
    ]);
    const attempt = { runtime: world.runtime, sessionHash: row?.hash ?? "", local: false };
    const find = () => world.runtime.database.transaction("identity", null, (tx) => findPendingSession(tx, attempt));
    expect(await find()).toMatchObject({ sessionId });
    await world.db.asOwner(`update sessions set expires_at = ${end} where session_id = $1`, [sessionId]);
    expect(await find()).toBeNull();
    const renewed = await world.runtime.database.transaction("identity", null, (tx) =>
      renewToken(tx, sessionId, { now: new Date(), random: world.runtime.random }),
    );
    registerSecret(renewed.token);
    expect(renewed.maxAge).toBe(0);
  });

  test("refuses a key, and its rotation", async () => {
    const key = await acme.key("owner", { expiresAt: new Date(Date.now() + 3_600_000) });
    expect((await world.callAs(key)("auth.session")).status).toBe(200);
    const [row] = await world.db.asOwner<{ api_key_id: string }>(
      "select api_key_id from api_keys where organization_id = $1 and expires_at is not null",
      [acme.organizationId],
    );
    // A trigger only lets the end of a key come earlier.
    await world.db.asOwner("alter table api_keys disable trigger user");
    await world.db.asOwner(`update api_keys set expires_at = ${end} where api_key_id = $1`, [row?.api_key_id]);
    await world.db.asOwner("alter table api_keys enable trigger user");
    const refused = await world.callAs(key)("auth.session");
    expect([refused.status, refused.error.data.reason]).toEqual([401, "key_expired"]);
    const rotated = await acme.call("keys.rotate", { apiKeyId: row?.api_key_id });
    expect([rotated.status, rotated.error.data.reason]).toEqual([409, "already_expired"]);
  });

  test("takes a credential out of what a gateway is given, and out of what is shown of the application", async () => {
    const { applicationId } = await given(acme).application({ access: "protected" });
    await given(acme).credential(applicationId);
    await world.db.asOwner(`update security set expires_at = ${end} where application_id = $1`, [applicationId]);
    const now = new Date();
    const [stored] = await asSync(world.runtime.database, (tx) =>
      readApplications(tx, acme.gatewayId, [applicationId], now),
    );
    expect(stored?.credentials).toMatchObject([{ valid: false }]);
    const facts = await asSync(world.runtime.database, (tx) => exposureFactsOf(tx, [applicationId], now));
    expect(facts.get(applicationId)?.credentials).toEqual([{ valid: false }]);
  });

  test("lets the sweep remove sessions, challenges and links, and keeps failures that still count", async () => {
    const person = await givenPerson(world);
    const { sessionId } = await givenSession(world, person);
    await newChallenge(world.runtime, { purpose: "passkey-sign-in", userId: null, sessionId: null });
    const isOver = end.startsWith("now()");
    await world.db.asOwner(`update challenges set expires_at = ${end}`);
    await world.db.asOwner(`update sessions set expires_at = ${end} where session_id = $1`, [sessionId]);
    const times = isOver ? "array_fill(now() - interval '1 hour', array[5])" : `array_fill(${end}, array[5])`;
    await world.db.asOwner(`insert into limits (key, times, expires_at) values ($1, ${times}, ${end})`, [
      `failures:account:${person.userId}`,
    ]);
    const isLocked = await world.runtime.database.transaction("identity", null, (tx) => lockedAccounts(tx, new Date()));
    expect(isLocked(person.userId)).toBe(!isOver);
    await sweepIdentity(world.runtime, new AbortController().signal);
    expect(await world.db.asOwner("select 1 from challenges")).toEqual([]);
    expect(await world.db.asOwner("select 1 from sessions where session_id = $1", [sessionId])).toEqual([]);
    const left = await world.db.asOwner("select 1 from limits where key = $1", [`failures:account:${person.userId}`]);
    expect(left).toHaveLength(isOver ? 0 : 1);
  });
});

describe("an end that is to come", () => {
  test("is taken to the second: challenges and states are good before it, and refused from then on", async () => {
    const began = Date.now();
    for (const [seconds, isGood] of [
      [-1, true],
      [0, false],
    ] as const) {
      world.now = new Date(began);
      const challenge = await newChallenge(world.runtime, {
        purpose: "passkey-sign-in",
        userId: null,
        sessionId: null,
      });
      const state = newToken(world.runtime.random).token;
      await rememberState(world.runtime, state, { providerId: "idp_1", remember: true });
      world.now = new Date(began + (challengeSeconds + seconds) * 1_000);
      expect((await spendChallenge(world.runtime, "passkey-sign-in", challenge)) !== null).toBe(isGood);
      world.now = new Date(began + (stateSeconds + seconds) * 1_000);
      expect((await spendState(world.runtime, state, "idp_1")).ok).toBe(isGood);
      world.now = null;
    }
  });

  test("answers 500 and names the value in the log when a list would have to show a time that cannot be read", async () => {
    const made = await given(acme).ok<{ invitationId: string }>("invitations.create", {
      email: `shown-${++address}@example.org`,
      role: "viewer",
    });
    await world.db.asOwner("update invitations set created_at = 'infinity' where invitation_id = $1", [
      made.invitationId,
    ]);
    const listed = await acme.call("invitations.list", {});
    expect(listed.status).toBe(500);
    expect(listed.text).not.toContain("infinity");
    expect(world.log()).toContain('The time \\"infinity\\" cannot be read');
  });
});

test("a sign-in whose time cannot be read is not a recent one", async () => {
  const person = await givenPerson(world);
  await givenMember(world, acme.organizationId, person, "owner");
  const { browser, sessionId } = await givenSession(world, person);
  const recent = () => browser.call("auth.totp.enrol", {});
  await world.db.asOwner("update sessions set created_at = 'infinity' where session_id = $1", [sessionId]);
  const refused = await recent();
  expect([refused.status, refused.error?.data.reason]).toEqual([403, "recent_sign_in_required"]);
});
