import { afterAll, beforeAll, expect, test } from "vitest";
import { makeApiKey } from "#src/access/api-keys";
import { sealPending } from "#src/audit/sealer";
import { openBrowser } from "#tests/support/browser";
import { givenMember, givenPerson } from "#tests/support/people";
import { registerSecret } from "#tests/support/secrets";
import { type GivenOrganization, openWorld, type World } from "#tests/support/world";

interface Entry {
  readonly actor: { kind: string; id: string | null; sessionId: string | null };
  readonly action: string;
  readonly reason: string | null;
  readonly ip: string | null;
  readonly requestId: string;
}

let world: World;
let root: GivenOrganization;
let acme: GivenOrganization;

beforeAll(async () => {
  world = await openWorld();
  root = await world.organization({ root: true });
  acme = await world.organization();
  await world.callAs("pcl_mistyped")("projects.list"); // the log is never empty
});
afterAll(() => world.close());

const log = async () => (await root.call<{ items: Entry[] }>("audit.installation.list", { limit: 200 })).data.items;

test("an unknown key and a malformed key are recorded as refused attempts in the installation's log (AUD)", async () => {
  const unknown = await world.callAs(registerSecret(makeApiKey(world.runtime.random).key))("projects.list");
  const malformed = await world.callAs("pcl_mistyped")("projects.create", { name: "x" });
  expect([unknown, malformed].map(({ status, error }) => [status, error.data.reason])).toEqual([
    [401, "key_unknown"],
    [401, "key_unknown"],
  ]);
  const anonymous = { kind: "anonymous", id: null, name: null, apiKeyId: null, sessionId: null, authenticatedBy: null };
  const [second, first] = await log();
  expect(first).toMatchObject({
    actor: anonymous,
    action: "projects.list",
    outcome: "refused",
    reason: "key_unknown",
    ip: "127.0.0.1",
    requestId: unknown.error.data.requestId,
  });
  expect(second).toMatchObject({ actor: anonymous, action: "projects.create", reason: "key_malformed" });
  expect(JSON.stringify(await log())).not.toContain("pcl_");
});

test("a request without a key and a session is not recorded as an attempt", async () => {
  const before = await log();
  expect((await world.callAs(null)("projects.list")).status).toBe(401);
  expect(await log()).toEqual(before);
});

test("a refused sign-in of an unknown account is recorded without the typed values (AUD)", async () => {
  const browser = openBrowser(world, { ip: "203.0.113.40" });
  expect(
    (await browser.signIn("password", { email: "anonymous@example.org", password: "Typed-here-123" })).status,
  ).toBe(401);
  const [entry] = await log();
  expect(entry).toMatchObject({ action: "auth.signIn", reason: "unknown_account", ip: "203.0.113.40" });
  expect(JSON.stringify(await log())).not.toMatch(/anonymous@example|Typed-here/);
});

test("a request with an ended session is recorded (AUD)", async () => {
  const person = await givenPerson(world);
  await givenMember(world, acme.organizationId, person, "owner");
  const browser = openBrowser(world, { ip: "203.0.113.41" });
  await browser.signIn("password", { email: person.email, password: person.password });
  const stolen = new Map(browser.cookies);
  await browser.signOut();
  const thief = openBrowser(world, { ip: "203.0.113.42" });
  for (const [name, value] of stolen) thief.cookies.set(name, value);
  expect((await thief.call("projects.list")).status).toBe(401);
  expect((await log())[0]).toMatchObject({
    actor: { kind: "anonymous" },
    action: "projects.list",
    reason: "session_ended",
    ip: "203.0.113.42",
  });
});

test("a refused change from a foreign origin or without a CSRF token is in the person's organization's log (AUD)", async () => {
  const person = await givenPerson(world);
  await givenMember(world, acme.organizationId, person, "owner");
  const browser = openBrowser(world, { ip: "203.0.113.43" });
  await browser.signIn("password", { email: person.email, password: person.password });
  expect((await browser.call("projects.create", { name: "x" }, { origin: "https://evil.example" })).status).toBe(403);
  expect((await browser.call("projects.create", { name: "x" }, { "x-csrf-token": "x" })).status).toBe(403);
  const { data } = await acme.call<{ items: Entry[] }>("audit.list", { actorId: person.userId, outcome: "refused" });
  expect(data.items.map(({ actor, action, reason }) => [actor.kind, action, reason])).toEqual([
    ["person", "projects.create", "csrf_token"],
    ["person", "projects.create", "foreign_origin"],
  ]);
  expect(data.items[0]?.actor.sessionId).toMatch(/^ses_/);
});

test("only owners of the root organization can read the installation's log (AUD)", async () => {
  const readers: [string, number][] = [
    [await root.key("owner"), 200],
    [await root.key("admin"), 403],
    [await root.key("viewer"), 403],
    [await acme.key("owner"), 403],
  ];
  for (const procedure of ["audit.installation.list", "audit.installation.verify", "audit.installation.checkpoint"]) {
    for (const [key, status] of readers) {
      expect([procedure, (await world.callAs(key)(procedure)).status]).toEqual([procedure, status]);
    }
  }
});

test("only owners of the root organization can export the installation's log, and nothing else is in it (AUD)", async () => {
  await world.callAs("pcl_mistyped")("projects.create", { name: "x" });
  const exported = (key: string) =>
    world.handler(
      new Request("http://127.0.0.1/api/audit/export?log=installation", { headers: { "x-api-key": key } }),
      { ip: "127.0.0.1" },
    );
  for (const key of [await root.key("admin"), await acme.key("owner")]) {
    expect((await exported(key)).status).toBe(403);
  }
  const answer = await exported(await root.key("owner"));
  expect(answer.headers.get("content-disposition")).toContain("audit-installation-");
  const actions = (await answer.text())
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Entry);
  expect(actions.map(({ requestId }) => requestId).sort()).toEqual(
    (await log()).map(({ requestId }) => requestId).sort(),
  );
});

test("the database shows the installation's log only to the root organization (AUD)", async () => {
  const { database, installationId } = world.runtime;
  const visibleEntries = (organizationId: string) =>
    database.transaction("tenant", organizationId, async (tx) => {
      const { auditEntries } = await import("#drizzle/audit");
      const rows = await tx.select({ organizationId: auditEntries.organizationId }).from(auditEntries);
      return rows.filter((row) => row.organizationId === installationId).length;
    });
  expect(await visibleEntries(acme.organizationId)).toBe(0);
  expect(await visibleEntries(root.organizationId)).toBeGreaterThan(0);
});

test("the root organization's own log contains no entry of the installation's log (AUD)", async () => {
  const own = await root.call<{ items: Entry[] }>("audit.list", { limit: 200 });
  const [ownIds, all] = [own.data.items.map(({ requestId }) => requestId), await log()];
  expect(own.status).toBe(200);
  expect(all.length).toBeGreaterThan(0);
  expect(all.filter(({ requestId }) => ownIds.includes(requestId))).toEqual([]);
  const objectId = world.runtime.installationId;
  expect((await root.call<{ items: Entry[] }>("audit.list", { objectId })).data.items).toEqual([]);
});

test("the installation's log has its own chain and its own checkpoints (AUD)", async () => {
  await sealPending(world.runtime.database, new AbortController().signal);
  const { data: checkpoint } = await root.call("audit.installation.checkpoint");
  expect(checkpoint).toMatchObject({ organizationId: world.runtime.installationId });
  const { data: verdict } = await root.call("audit.installation.verify", { checkpoint });
  expect(verdict).toMatchObject({ intact: true, organizationId: world.runtime.installationId, unsealed: 0 });
  // The checkpoint does not belong to the root organization's own log.
  expect((await root.call("audit.verify", { checkpoint })).status).toBe(400);
});

test("a form and a link request from a foreign origin are recorded in the installation's log (AUD)", async () => {
  const browser = openBrowser(world, { ip: "203.0.113.44" });
  const foreign = await browser.fetch("/api/auth/callback/password", {
    method: "POST",
    headers: { origin: "https://evil.example", "content-type": "application/x-www-form-urlencoded" },
    body: "email=a%40example.org&password=x",
  });
  expect(foreign.status).toBe(403);
  expect((await browser.call("auth.link", { token: "x" }, { origin: "https://evil.example" })).status).toBe(403);
  const entries = (await log()).filter(({ ip }) => ip === "203.0.113.44");
  expect(entries.map(({ action, reason }) => [action, reason])).toEqual([
    ["auth.link", "foreign_origin"],
    ["auth.signIn", "foreign_origin"],
  ]);
});

test("each attempt above the rate limit is recorded once (AUD)", async () => {
  const browser = openBrowser(world, { ip: "203.0.113.45" });
  const answers: number[] = [];
  for (let at = 0; at < 7; at++) {
    answers.push((await browser.signIn("password", { email: "stranger@example.org", password: "wrong" })).status);
  }
  expect(answers).toEqual([401, 401, 401, 401, 401, 429, 429]);
  const entries = (await log()).filter(({ ip }) => ip === "203.0.113.45");
  expect(entries.map(({ reason }) => reason)).toEqual([
    ...["rate_limited", "rate_limited"],
    ...Array.from({ length: 5 }, () => "unknown_account"),
  ]);
});
