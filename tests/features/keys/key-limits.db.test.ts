import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { apiKeys } from "#drizzle/api-keys";
import { auditEntries } from "#drizzle/audit";
import { organizations } from "#drizzle/organizations";
import type { Database } from "#src/database/database";
import { createHandler } from "#src/http/handler";
import { callsOf, ok, reasonOf } from "#tests/support/call-response";
import { readRows, updateRows } from "#tests/support/rows/table";
import { type GivenOrganization, openWorld, type World } from "#tests/support/world";
import { type Colleague, colleague, type Key } from "./people-with-keys";

let world: World;
let acme: GivenOrganization;
let owner: Colleague;
const day = 86_400_000;
/** The beginning of a minute one day ahead, when keys that are created now are still valid. */
const noon = Math.ceil(Date.now() / 60_000) * 60_000 + day;

beforeAll(async () => {
  world = await openWorld();
  acme = await world.organization();
  await updateRows(world.db.owner, organizations, {}, { maxKeysPerMember: 1000 });
  owner = await colleague(world, acme, "owner");
});
afterEach(async () => {
  world.now = null;
  await updateRows(
    world.db.owner,
    organizations,
    { organizationId: acme.organizationId },
    { maxKeyDays: null, keyRequestsPerMinute: null },
  );
});
afterAll(() => world.close());

const set = (limits: Partial<typeof organizations.$inferInsert>) =>
  updateRows(world.db.owner, organizations, { organizationId: acme.organizationId }, limits);

describe("lifetime of a key (PO-24)", () => {
  test("a key expires after 90 days by default and never later than the organization allows", async () => {
    const create = (input: Record<string, unknown> = {}) =>
      owner.call<Key>("keys.create", { name: "x", role: "viewer", ...input });
    const lifetimeOf = async (input?: Record<string, unknown>) => {
      const { expiresAt, createdAt } = await ok(create(input));
      return Date.parse(expiresAt ?? "") - Date.parse(createdAt);
    };
    expect(await lifetimeOf()).toBe(90 * day);
    await set({ maxKeyDays: 30 });
    expect(await lifetimeOf()).toBe(30 * day);
    const inDays = (days: number) => ({ expiresAt: new Date(Date.now() + days * day).toISOString() });
    expect((await create(inDays(29))).status).toBe(200);
    const refused = await create(inDays(31));
    expect(reasonOf(refused)).toEqual([400, "expires_too_late"]);
    await set({ maxKeyDays: 365 });
    expect(await lifetimeOf()).toBe(90 * day);
    expect((await create(inDays(364))).status).toBe(200);
  });
});

describe("key creations from one address (TM-30)", () => {
  test("key creations are limited to five an hour for each address across all processes, then 429 with Retry-After", async () => {
    const runtime = { ...world.runtime, signIn: { ...world.runtime.signIn, keyCreationsPerHour: 5 } };
    const processes = [createHandler(runtime), createHandler(runtime)];
    const key = await acme.key("owner");
    const create = (at: number, ip = "198.51.100.1") =>
      callsOf(processes[at % 2] ?? world.handler, { key, ip })<Key>("keys.create", {
        name: "x",
        role: "viewer",
      });
    world.now = new Date(noon);
    for (let at = 0; at < 5; at++) expect((await create(at)).status).toBe(200);
    const refused = await create(5);
    expect(reasonOf(refused)).toEqual([429, "rate_limited"]);
    expect(refused.headers.get("retry-after")).toBe("3600");
    expect((await create(6, "198.51.100.2")).status).toBe(200);
    const rotated = callsOf(processes[0] ?? world.handler, { key, ip: "198.51.100.1" });
    const { apiKeyId } = (await create(7, "198.51.100.2")).data;
    expect(reasonOf(await rotated("keys.rotate", { apiKeyId }))).toEqual([429, "rate_limited"]);
    world.now = new Date(noon + 3_600_000);
    expect((await create(8)).status).toBe(200);
    const audited = await readRows(world.db.owner, auditEntries, {
      organizationId: acme.organizationId,
      reason: "rate_limited",
      action: "keys.create",
      ip: "198.51.100.1",
    });
    expect(audited).toHaveLength(1);
  });

  test("the limit of key creations follows the setting", async () => {
    const runtime = { ...world.runtime, signIn: { ...world.runtime.signIn, keyCreationsPerHour: 1 } };
    const call = callsOf(createHandler(runtime), { key: await acme.key("owner"), ip: "198.51.100.9" });
    const input = { name: "x", role: "viewer" };
    expect((await call("keys.create", input)).status).toBe(200);
    expect(reasonOf(await call("keys.create", input))).toEqual([429, "rate_limited"]);
    const unlimited = callsOf(world.handler, { key: await acme.key("owner"), ip: "198.51.100.9" });
    expect((await unlimited("keys.create", input)).status).toBe(200);
  });
});

describe("request limit of a key", () => {
  const keyWithLimit = async (requestsPerMinute: number | null) =>
    ok(
      owner.call<Key>("keys.create", {
        name: "x",
        role: "viewer",
        ...(requestsPerMinute ? { requestsPerMinute } : {}),
      }),
    );

  test("the request limit of a key counts all processes together, then returns 429 key_rate_limited", async () => {
    const other = createHandler(world.runtime);
    const { key } = await keyWithLimit(6);
    const call = (at: number) => callsOf(at % 2 ? other : world.handler, { key, ip: "192.0.2.1" })("auth.session");
    world.now = new Date(noon);
    const answers = await Promise.all(Array.from({ length: 10 }, (_, at) => call(at)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(6);
    const refused = answers.filter(({ status }) => status !== 200);
    for (const answer of refused) {
      expect(reasonOf(answer)).toEqual([429, "key_rate_limited"]);
      expect(answer.headers.get("retry-after")).toBe("70");
    }
    world.now = new Date(noon + 69_000);
    expect(reasonOf(await call(0))).toEqual([429, "key_rate_limited"]);
    world.now = new Date(noon + 70_000);
    expect((await call(0)).status).toBe(200);
    expect(reasonOf(await call(1))).toEqual([429, "key_rate_limited"]);
    world.now = new Date(noon + 600_000);
    for (let at = 0; at < 6; at++) expect((await call(at)).status).toBe(200);
    expect((await call(6)).status).toBe(429);
  });

  test("a limited key is accepted again when Retry-After has passed and not a second earlier", async () => {
    const { key } = await keyWithLimit(6);
    const call = () => callsOf(world.handler, { key, ip: "192.0.2.1" })("auth.session");
    let now = noon + 50_000;
    let refused = 0;
    for (let at = 0; at < 20; at++) {
      world.now = new Date(now);
      const answer = await call();
      if (answer.status === 200) continue;
      refused++;
      now += Number(answer.headers.get("retry-after")) * 1_000;
      world.now = new Date(now - 1_001);
      expect(reasonOf(await call())).toEqual([429, "key_rate_limited"]);
      world.now = new Date(now);
      expect((await call()).status).toBe(200);
    }
    expect(refused).toBeGreaterThan(5);
  });

  test("the request limit also applies to a process whose clock is a second behind", async () => {
    const { key } = await keyWithLimit(2);
    const call = () => callsOf(world.handler, { key, ip: "192.0.2.1" })("auth.session");
    world.now = new Date(noon);
    for (let at = 0; at < 2; at++) expect((await call()).status).toBe(200);
    world.now = new Date(noon - 1_000);
    expect(reasonOf(await call())).toEqual([429, "key_rate_limited"]);
    world.now = new Date(noon);
    expect(reasonOf(await call())).toEqual([429, "key_rate_limited"]);
  });

  test("the organization's request limit applies to keys without a limit or with a higher one", async () => {
    const [unlimited, higher, lower] = [await keyWithLimit(null), await keyWithLimit(50), await keyWithLimit(1)];
    await set({ keyRequestsPerMinute: 2 });
    world.now = new Date(noon);
    for (const [{ key }, allowed] of [
      [unlimited, 2],
      [higher, 2],
      [lower, 1],
    ] as const) {
      const statuses: number[] = [];
      for (let at = 0; at < 3; at++) statuses.push((await world.callAs(key)("auth.session")).status);
      expect(statuses).toEqual([200, 200, 200].fill(429, allowed));
    }
  });

  test("the organization's request limit does not apply to a session", async () => {
    await set({ keyRequestsPerMinute: 1 });
    for (let at = 0; at < 3; at++) expect((await owner.call("auth.session")).status).toBe(200);
  });

  test("a request of a key with a limit needs one statement more than without a limit", async () => {
    const counted = countStatements(world.runtime.database);
    const handler = createHandler({ ...world.runtime, database: counted.database });
    const statementsOf = async ({ apiKeyId, key }: Key) => {
      // The last use was recorded just now, so the request does not record it.
      await updateRows(world.db.owner, apiKeys, { apiKeyId }, { lastUsedAt: new Date() });
      const call = callsOf(handler, { key, ip: "192.0.2.1" });
      const before = counted.calls();
      await call("auth.session");
      return counted.calls() - before;
    };
    expect(await statementsOf(await keyWithLimit(null))).toBe(1);
    expect(await statementsOf(await keyWithLimit(50))).toBe(2);
  });
});

function countStatements(database: Database) {
  let calls = 0;
  const counted: Database = {
    kind: database.kind,
    transaction: (...args) => database.transaction(...args),
    batch: (...args) => database.batch(...args),
    call: (statement) => {
      calls++;
      return database.call(statement);
    },
    listen: (...args) => database.listen(...args),
    hint: (...args) => database.hint(...args),
    close: () => database.close(),
  };
  return { database: counted, calls: () => calls };
}
