import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { asSync } from "../../src/database/as-sync";
import { exposureFactsOf } from "../../src/delivery/exposure-facts";
import { readApplications } from "../../src/delivery/planner/desired-state";
import { lockedAccounts } from "../../src/identity/account-lockout";
import { challengeSeconds, newChallenge, spendChallenge } from "../../src/identity/challenges";
import { rememberState, spendState, stateSeconds } from "../../src/identity/external/states";
import { findPendingSession } from "../../src/identity/pending-session";
import { renewToken } from "../../src/identity/renew-token";
import { sweepIdentity } from "../../src/identity/sweep-expired";
import { newToken } from "../../src/identity/tokens";
import { makeSetUpLink } from "../../src/main/host/make-set-up-link";
import { openBrowser } from "../support/browser";
import { givenMember, givenPerson } from "../support/people";
import { registerSecret } from "../support/secrets";
import { givenSession } from "../support/sessions";
import { type GivenOrganization, given, openWorld, testOrigin, type World } from "../support/world";

/** Past and unreadable expiry times, as SQL expressions. On PostgreSQL, the tests run with hostile settings. */
const expiryTimes = [
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

describe.each(expiryTimes)("an expiry time of %s", (_name, expiresAt) => {
  test("a set-up link that is past or unreadable is refused with link_expired", async () => {
    const fresh = await openWorld();
    try {
      const url = await makeSetUpLink({ ...fresh.runtime, publicOrigin: testOrigin });
      const token = registerSecret(url?.split("#")[1] ?? "");
      await fresh.db.asOwner(`update links set expires_at = ${expiresAt}`);
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

  test("an invitation that is past or unreadable is refused, and its e-mail address can be invited again", async () => {
    const email = `late-${++address}@example.org`;
    const created = await given(acme).ok<{ invitationId: string; url: string }>("invitations.create", {
      email,
      role: "viewer",
    });
    const token = registerSecret(created.url.slice(created.url.indexOf("#") + 1));
    await world.db.asOwner(`update invitations set expires_at = ${expiresAt} where invitation_id = $1`, [
      created.invitationId,
    ]);
    const refused = await visitor().signIn("invitation", { token, password });
    expect([refused.status, reasonOf(refused.body)]).toEqual([409, "invitation_expired"]);
    expect(await world.db.asOwner("select 1 from users where email = $1", [email])).toEqual([]);
    expect((await acme.call("invitations.create", { email, role: "viewer" })).status).toBe(200);
  });

  test("a passkey challenge and a provider state that are past or unreadable are refused", async () => {
    const challenge = await newChallenge(world.runtime, { purpose: "passkey-sign-in", userId: null, sessionId: null });
    const state = newToken(world.runtime.random).token;
    await rememberState(world.runtime, state, { providerId: "idp_1", remember: false });
    await world.db.asOwner(`update challenges set expires_at = ${expiresAt}`);
    expect(await spendChallenge(world.runtime, "passkey-sign-in", challenge)).toBeNull();
    expect(await spendState(world.runtime, state, "idp_1")).toEqual({ ok: false, reason: "state_expired" });
  });

  test.each(["expires_at", "last_seen_at"])(
    "a session whose %s is past or unreadable has ended and is not listed",
    async (column) => {
      const person = await givenPerson(world);
      await givenMember(world, acme.organizationId, person, "owner");
      const [old, other] = [await givenSession(world, person), await givenSession(world, person)];
      expect((await old.browser.call("auth.session")).status).toBe(200);
      const value =
        column === "last_seen_at" && expiresAt.startsWith("now()") ? "now() - interval '3 hours'" : expiresAt;
      await world.db.asOwner(`update sessions set ${column} = ${value} where session_id = $1`, [old.sessionId]);
      const refused = await old.browser.call("auth.session");
      expect([refused.status, refused.error.data.reason]).toEqual([401, "session_ended"]);
      const listed = await other.browser.call<{ sessions: { sessionId: string }[] }>("auth.sessions.list", {});
      expect([listed.status, JSON.stringify(listed.data).includes(old.sessionId)]).toEqual([200, false]);
    },
  );

  test("a pending session that is past or unreadable has ended, and its renewed cookie has a lifetime of 0", async () => {
    const person = await givenPerson(world);
    const { sessionId } = await givenSession(world, person, { stage: "second_factor" });
    const [row] = await world.db.asOwner<{ hash: string }>("select hash from sessions where session_id = $1", [
      sessionId,
    ]);
    const attempt = { runtime: world.runtime, sessionHash: row?.hash ?? "", local: false };
    const find = () => world.runtime.database.transaction("identity", null, (tx) => findPendingSession(tx, attempt));
    expect(await find()).toMatchObject({ sessionId });
    await world.db.asOwner(`update sessions set expires_at = ${expiresAt} where session_id = $1`, [sessionId]);
    expect(await find()).toBeNull();
    const renewed = await world.runtime.database.transaction("identity", null, (tx) =>
      renewToken(tx, sessionId, { now: new Date(), random: world.runtime.random }),
    );
    registerSecret(renewed.token);
    expect(renewed.maxAge).toBe(0);
  });

  test("an API key that is past or unreadable and its rotation are refused with key_expired", async () => {
    const key = await acme.key("owner", { expiresAt: new Date(Date.now() + 3_600_000) });
    expect((await world.callAs(key)("auth.session")).status).toBe(200);
    const [row] = await world.db.asOwner<{ api_key_id: string }>(
      "select api_key_id from api_keys where organization_id = $1 and expires_at is not null",
      [acme.organizationId],
    );
    // A trigger only allows an earlier expiry time for a key.
    await world.db.asOwner("alter table api_keys disable trigger user");
    await world.db.asOwner(`update api_keys set expires_at = ${expiresAt} where api_key_id = $1`, [row?.api_key_id]);
    await world.db.asOwner("alter table api_keys enable trigger user");
    const refused = await world.callAs(key)("auth.session");
    expect([refused.status, refused.error.data.reason]).toEqual([401, "key_expired"]);
    const rotated = await acme.call("keys.rotate", { apiKeyId: row?.api_key_id });
    expect([rotated.status, rotated.error.data.reason]).toEqual([409, "already_expired"]);
  });

  test("a credential that is past or unreadable is invalid for the gateway and in the exposure", async () => {
    const { applicationId } = await given(acme).application({ access: "protected" });
    await given(acme).credential(applicationId);
    await world.db.asOwner(`update security set expires_at = ${expiresAt} where application_id = $1`, [applicationId]);
    const now = new Date();
    const [stored] = await asSync(world.runtime.database, (tx) =>
      readApplications(tx, acme.gatewayId, [applicationId], now),
    );
    expect(stored?.credentials).toMatchObject([{ valid: false }]);
    const facts = await asSync(world.runtime.database, (tx) => exposureFactsOf(tx, [applicationId], now));
    expect(facts.get(applicationId)?.credentials).toEqual([{ valid: false }]);
  });

  test("the sweep removes sessions and challenges that are past or unreadable, and keeps an unreadable lockout", async () => {
    const person = await givenPerson(world);
    const { sessionId } = await givenSession(world, person);
    await newChallenge(world.runtime, { purpose: "passkey-sign-in", userId: null, sessionId: null });
    const isPast = expiresAt.startsWith("now()");
    await world.db.asOwner(`update challenges set expires_at = ${expiresAt}`);
    await world.db.asOwner(`update sessions set expires_at = ${expiresAt} where session_id = $1`, [sessionId]);
    const times = isPast ? "array_fill(now() - interval '1 hour', array[5])" : `array_fill(${expiresAt}, array[5])`;
    await world.db.asOwner(`insert into limits (key, times, expires_at) values ($1, ${times}, ${expiresAt})`, [
      `failures:account:${person.userId}`,
    ]);
    const isLocked = await world.runtime.database.transaction("identity", null, (tx) => lockedAccounts(tx, new Date()));
    expect(isLocked(person.userId)).toBe(!isPast);
    await sweepIdentity(world.runtime, new AbortController().signal);
    expect(await world.db.asOwner("select 1 from challenges")).toEqual([]);
    expect(await world.db.asOwner("select 1 from sessions where session_id = $1", [sessionId])).toEqual([]);
    const left = await world.db.asOwner("select 1 from limits where key = $1", [`failures:account:${person.userId}`]);
    expect(left).toHaveLength(isPast ? 0 : 1);
  });
});

describe("a future expiry time", () => {
  test("challenges and provider states are valid until the second in which they expire", async () => {
    const startedAt = Date.now();
    for (const [seconds, isValid] of [
      [-1, true],
      [0, false],
    ] as const) {
      world.now = new Date(startedAt);
      const challenge = await newChallenge(world.runtime, {
        purpose: "passkey-sign-in",
        userId: null,
        sessionId: null,
      });
      const state = newToken(world.runtime.random).token;
      await rememberState(world.runtime, state, { providerId: "idp_1", remember: true });
      world.now = new Date(startedAt + (challengeSeconds + seconds) * 1_000);
      expect((await spendChallenge(world.runtime, "passkey-sign-in", challenge)) !== null).toBe(isValid);
      world.now = new Date(startedAt + (stateSeconds + seconds) * 1_000);
      expect((await spendState(world.runtime, state, "idp_1")).ok).toBe(isValid);
      world.now = null;
    }
  });

  test("a list with an unreadable time returns 500, and the log names the value", async () => {
    const created = await given(acme).ok<{ invitationId: string }>("invitations.create", {
      email: `shown-${++address}@example.org`,
      role: "viewer",
    });
    await world.db.asOwner("update invitations set created_at = 'infinity' where invitation_id = $1", [
      created.invitationId,
    ]);
    const listed = await acme.call("invitations.list", {});
    expect(listed.status).toBe(500);
    expect(listed.text).not.toContain("infinity");
    expect(world.log()).toContain('The time \\"infinity\\" cannot be read');
  });
});

test("a sign-in with an unreadable time does not count as recent", async () => {
  const person = await givenPerson(world);
  await givenMember(world, acme.organizationId, person, "owner");
  const { browser, sessionId } = await givenSession(world, person);
  const recent = () => browser.call("auth.totp.enrol", {});
  await world.db.asOwner("update sessions set created_at = 'infinity' where session_id = $1", [sessionId]);
  const refused = await recent();
  expect([refused.status, refused.error?.data.reason]).toEqual([403, "recent_sign_in_required"]);
});
