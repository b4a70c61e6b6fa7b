import { eq, isNotNull, type SQL, sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { apiKeys } from "#drizzle/api-keys";
import { invitations, users } from "#drizzle/members";
import { organizations } from "#drizzle/organizations";
import { challenges, limits, links, sessions } from "#drizzle/persons";
import { security } from "#drizzle/security";
import { asSync } from "#src/database/as-sync";
import { exposureFactsOf } from "#src/delivery/exposure-facts";
import { readApplications } from "#src/delivery/planner/desired-state";
import { lockedAccounts } from "#src/identity/account-lockout";
import { challengeSeconds, newChallenge, spendChallenge } from "#src/identity/challenges";
import { rememberState, spendState, stateSeconds } from "#src/identity/external/states";
import { findPendingSession } from "#src/identity/pending-session";
import { renewToken } from "#src/identity/renew-token";
import { sweepIdentity } from "#src/identity/sweep-expired";
import { newToken } from "#src/identity/tokens";
import { makeSetUpLink } from "#src/main/host/make-set-up-link";
import { openBrowser } from "../support/browser";
import { reasonOf } from "../support/call-response";
import { givenMember, givenPerson } from "../support/people";
import { limitRows } from "../support/rows/persons";
import { readRows, updateRows } from "../support/rows/table";
import { registerSecret } from "../support/secrets";
import { givenSession } from "../support/sessions";
import { type GivenOrganization, given, openWorld, testOrigin, type World } from "../support/world";

/** Past and unreadable expiry times. On PostgreSQL, the tests run with hostile settings. */
const expiryTimes: readonly [name: string, expiresAt: SQL][] = [
  ["a second ago", sql`now() - interval '1 second'`],
  ["infinity", sql`'infinity'::timestamptz`],
  ["-infinity", sql`'-infinity'::timestamptz`],
  ["a year with five digits", sql`'10000-01-01 00:00:00+00'::timestamptz`],
  ["the last year that PostgreSQL knows", sql`'294276-12-31 00:00:00+00'::timestamptz`],
  ["a year BC", sql`'0044-03-15 00:00:00+00 BC'::timestamptz`],
];

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
const password = registerSecret("a river under seven bridges");

describe.each(expiryTimes)("an expiry time of %s", (name, expiresAt) => {
  const isPast = name === "a second ago";

  test("a set-up link that is past or unreadable is refused with link_expired", async () => {
    const fresh = await openWorld();
    try {
      const url = await makeSetUpLink({ ...fresh.runtime, publicOrigin: testOrigin });
      const token = registerSecret(url?.split("#")[1] ?? "");
      await updateRows(fresh.db.owner, links, {}, { expiresAt });
      const browser = openBrowser(fresh, { ip: "198.51.100.7" });
      const { data } = await browser.call<{ state: string }>("auth.link", { token });
      expect(data.state).toBe("expired");
      const form = { token, email: "ada@example.org", organization: "Acme", name: "Ada", password };
      const refused = await browser.signIn("link", form);
      expect(reasonOf(refused)).toEqual([409, "link_expired"]);
      expect(await readRows(fresh.db.owner, organizations)).toEqual([]);
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
    const { invitationId } = created;
    await updateRows(world.db.owner, invitations, { invitationId }, { expiresAt });
    const refused = await visitor().signIn("invitation", { token, password });
    expect(reasonOf(refused)).toEqual([409, "invitation_expired"]);
    expect(await readRows(world.db.owner, users, { email })).toEqual([]);
    expect((await acme.call("invitations.create", { email, role: "viewer" })).status).toBe(200);
  });

  test("a passkey challenge and a provider state that are past or unreadable are refused", async () => {
    const challenge = await newChallenge(world.runtime, { purpose: "passkey-sign-in", userId: null, sessionId: null });
    const state = newToken(world.runtime.random).token;
    await rememberState(world.runtime, state, { providerId: "idp_1", remember: false });
    await updateRows(world.db.owner, challenges, {}, { expiresAt });
    expect(await spendChallenge(world.runtime, "passkey-sign-in", challenge)).toBeNull();
    expect(await spendState(world.runtime, state, "idp_1")).toEqual({ ok: false, reason: "state_expired" });
  });

  test.each(["expiresAt", "lastSeenAt"] as const)(
    "a session whose %s is past or unreadable has ended and is not listed",
    async (column) => {
      const person = await givenPerson(world);
      await givenMember(world, acme.organizationId, person, "owner");
      const [old, other] = [await givenSession(world, person), await givenSession(world, person)];
      expect((await old.browser.call("auth.session")).status).toBe(200);
      const value = column === "lastSeenAt" && isPast ? sql`now() - interval '3 hours'` : expiresAt;
      await updateRows(world.db.owner, sessions, { sessionId: old.sessionId }, { [column]: value });
      const refused = await old.browser.call("auth.session");
      expect([refused.status, refused.error.data.reason]).toEqual([401, "session_ended"]);
      const listed = await other.browser.call<{ sessions: { sessionId: string }[] }>("auth.sessions.list", {});
      expect([listed.status, JSON.stringify(listed.data).includes(old.sessionId)]).toEqual([200, false]);
    },
  );

  test("a pending session that is past or unreadable has ended, and its renewed cookie has a lifetime of 0", async () => {
    const person = await givenPerson(world);
    const { sessionId } = await givenSession(world, person, { stage: "second_factor" });
    const [row] = await readRows(world.db.owner, sessions, { sessionId }, ["hash"]);
    const attempt = { runtime: world.runtime, sessionHash: row?.hash ?? "", local: false };
    const find = () => world.runtime.database.transaction("identity", null, (tx) => findPendingSession(tx, attempt));
    expect(await find()).toMatchObject({ sessionId });
    await updateRows(world.db.owner, sessions, { sessionId }, { expiresAt });
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
    const [row] = await readRows(
      world.db.owner,
      apiKeys,
      [eq(apiKeys.organizationId, acme.organizationId), isNotNull(apiKeys.expiresAt)],
      ["apiKeyId"],
    );
    const { apiKeyId = "" } = row ?? {};
    // A trigger only allows an earlier expiry time for a key.
    await world.db.asOwner("alter table api_keys disable trigger user");
    await updateRows(world.db.owner, apiKeys, { apiKeyId }, { expiresAt });
    await world.db.asOwner("alter table api_keys enable trigger user");
    const refused = await world.callAs(key)("auth.session");
    expect([refused.status, refused.error.data.reason]).toEqual([401, "key_expired"]);
    const rotated = await acme.call("keys.rotate", { apiKeyId });
    expect([rotated.status, rotated.error.data.reason]).toEqual([409, "already_expired"]);
  });

  test("a credential that is past or unreadable is invalid for the gateway and in the exposure", async () => {
    const { applicationId } = await given(acme).application({ access: "protected" });
    await given(acme).credential(applicationId);
    await updateRows(world.db.owner, security, { applicationId }, { expiresAt });
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
    await updateRows(world.db.owner, challenges, {}, { expiresAt });
    await updateRows(world.db.owner, sessions, { sessionId }, { expiresAt });
    const key = `failures:account:${person.userId}`;
    const times = isPast
      ? sql`array_fill(now() - interval '1 hour', array[5])`
      : sql`array_fill(${expiresAt}, array[5])`;
    await limitRows.insert(world.db.owner, { key, times: [] });
    await updateRows(world.db.owner, limits, { key }, { times, expiresAt });
    const isLocked = await world.runtime.database.transaction("identity", null, (tx) => lockedAccounts(tx, new Date()));
    expect(isLocked(person.userId)).toBe(!isPast);
    await sweepIdentity(world.runtime, new AbortController().signal);
    expect(await readRows(world.db.owner, challenges)).toEqual([]);
    expect(await readRows(world.db.owner, sessions, { sessionId })).toEqual([]);
    const left = await readRows(world.db.owner, limits, { key });
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
    await updateRows(
      world.db.owner,
      invitations,
      { invitationId: created.invitationId },
      { createdAt: sql`'infinity'` },
    );
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
  await updateRows(world.db.owner, sessions, { sessionId }, { createdAt: sql`'infinity'` });
  const refused = await recent();
  expect([refused.status, refused.error?.data.reason]).toEqual([403, "recent_sign_in_required"]);
});
