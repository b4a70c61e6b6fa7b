import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Database } from "../../../src/database/database";
import { createHandler } from "../../../src/http/handler";
import { type GivenOrganization, openWorld, type World } from "../../support/world";
import { type Colleague, callFrom, colleague, type Key, ok, reasonOf } from "./people-with-keys";

let world: World;
let acme: GivenOrganization;
let owner: Colleague;
const day = 86_400_000;
/** The beginning of a minute, when keys that are made now are still good. */
const noon = Math.ceil(Date.now() / 60_000) * 60_000 + day;

beforeAll(async () => {
  world = await openWorld();
  acme = await world.organization();
  await world.db.asOwner(`update organizations set max_keys_per_member = 1000`, []);
  owner = await colleague(world, acme, "owner");
});
afterEach(async () => {
  world.now = null;
  await world.db.asOwner(
    `update organizations set max_key_days = null, key_requests_per_minute = null where organization_id = $1`,
    [acme.organizationId],
  );
});
afterAll(() => world.close());

const set = (column: string, value: number) =>
  world.db.asOwner(`update organizations set ${column} = $1 where organization_id = $2`, [value, acme.organizationId]);

describe("how long a key lives (PO-24)", () => {
  test("is 90 days, or what the organization allows at most", async () => {
    const ask = (input: Record<string, unknown> = {}) =>
      owner.call<Key>("keys.create", { name: "x", role: "viewer", ...input });
    const lifeOf = async (input?: Record<string, unknown>) => {
      const { expiresAt, createdAt } = await ok(ask(input));
      return Date.parse(expiresAt ?? "") - Date.parse(createdAt);
    };
    expect(await lifeOf()).toBe(90 * day);
    await set("max_key_days", 30);
    expect(await lifeOf()).toBe(30 * day);
    const inDays = (days: number) => ({ expiresAt: new Date(Date.now() + days * day).toISOString() });
    expect((await ask(inDays(29))).status).toBe(200);
    const refused = await ask(inDays(31));
    expect(reasonOf(refused)).toEqual([400, "expires_too_late"]);
    await set("max_key_days", 365);
    expect(await lifeOf()).toBe(90 * day);
    expect((await ask(inDays(364))).status).toBe(200);
  });
});

describe("keys made from one address (TM-30)", () => {
  test("are five an hour, counted for all processes, and then 429 with Retry-After; another address goes on", async () => {
    const runtime = { ...world.runtime, signIn: { ...world.runtime.signIn, keyCreationsPerHour: 5 } };
    const processes = [createHandler(runtime), createHandler(runtime)];
    const key = await acme.key("owner");
    const ask = (at: number, ip = "198.51.100.1") =>
      callFrom(processes[at % 2] ?? world.handler, key, ip)<Key>("keys.create", { name: "x", role: "viewer" });
    world.now = new Date(noon);
    for (let at = 0; at < 5; at++) expect((await ask(at)).status).toBe(200);
    const refused = await ask(5);
    expect(reasonOf(refused)).toEqual([429, "rate_limited"]);
    expect(refused.headers.get("retry-after")).toBe("3600");
    expect((await ask(6, "198.51.100.2")).status).toBe(200);
    const rotated = callFrom(processes[0] ?? world.handler, key, "198.51.100.1");
    const { apiKeyId } = (await ask(7, "198.51.100.2")).data;
    expect(reasonOf(await rotated("keys.rotate", { apiKeyId }))).toEqual([429, "rate_limited"]);
    world.now = new Date(noon + 3_600_000);
    expect((await ask(8)).status).toBe(200);
    const audited = await world.db.asOwner(
      `select 1 as one from audit_entries where organization_id = $1 and reason = 'rate_limited' and action = 'keys.create'
       and ip = '198.51.100.1'`,
      [acme.organizationId],
    );
    expect(audited).toHaveLength(1);
  });

  test("are as many as the setting says", async () => {
    const runtime = { ...world.runtime, signIn: { ...world.runtime.signIn, keyCreationsPerHour: 1 } };
    const call = callFrom(createHandler(runtime), await acme.key("owner"), "198.51.100.9");
    const input = { name: "x", role: "viewer" };
    expect((await call("keys.create", input)).status).toBe(200);
    expect(reasonOf(await call("keys.create", input))).toEqual([429, "rate_limited"]);
    expect((await callFrom(world.handler, await acme.key("owner"), "198.51.100.9")("keys.create", input)).status).toBe(
      200,
    );
  });
});

describe("requests of a key", () => {
  const limited = async (requestsPerMinute: number | null) =>
    ok(
      owner.call<Key>("keys.create", {
        name: "x",
        role: "viewer",
        ...(requestsPerMinute ? { requestsPerMinute } : {}),
      }),
    );

  test("are as many in a minute as the key says, for all processes together, then 429 key_rate_limited", async () => {
    const other = createHandler(world.runtime);
    const { key } = await limited(6);
    const call = (at: number) => callFrom(at % 2 ? other : world.handler, key, "192.0.2.1")("auth.session");
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

  test("that come when Retry-After says are taken, and a second sooner are not", async () => {
    const { key } = await limited(6);
    const call = () => callFrom(world.handler, key, "192.0.2.1")("auth.session");
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

  test("count for a process, too, whose clock is a second behind", async () => {
    const { key } = await limited(2);
    const call = () => callFrom(world.handler, key, "192.0.2.1")("auth.session");
    world.now = new Date(noon);
    for (let at = 0; at < 2; at++) expect((await call()).status).toBe(200);
    world.now = new Date(noon - 1_000);
    expect(reasonOf(await call())).toEqual([429, "key_rate_limited"]);
    world.now = new Date(noon);
    expect(reasonOf(await call())).toEqual([429, "key_rate_limited"]);
  });

  test("are as many as the organization says, where a key says nothing or more", async () => {
    const [silent, more, fewer] = [await limited(null), await limited(50), await limited(1)];
    await set("key_requests_per_minute", 2);
    world.now = new Date(noon);
    for (const [{ key }, allowed] of [
      [silent, 2],
      [more, 2],
      [fewer, 1],
    ] as const) {
      const statuses: number[] = [];
      for (let at = 0; at < 3; at++) statuses.push((await world.callAs(key)("auth.session")).status);
      expect(statuses).toEqual([200, 200, 200].fill(429, allowed));
    }
  });

  test("a session has no such limit", async () => {
    await set("key_requests_per_minute", 1);
    for (let at = 0; at < 3; at++) expect((await owner.call("auth.session")).status).toBe(200);
  });

  test("cost no statement where there is no limit, and one where there is", async () => {
    const counted = countStatements(world.runtime.database);
    const handler = createHandler({ ...world.runtime, database: counted.database });
    const statementsOf = async ({ apiKeyId, key }: Key) => {
      // It was used just now: nothing is to be written.
      await world.db.asOwner(`update api_keys set last_used_at = now() where api_key_id = $1`, [apiKeyId]);
      const call = callFrom(handler, key, "192.0.2.1");
      const before = counted.calls();
      await call("auth.session");
      return counted.calls() - before;
    };
    expect(await statementsOf(await limited(null))).toBe(1);
    expect(await statementsOf(await limited(50))).toBe(2);
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
