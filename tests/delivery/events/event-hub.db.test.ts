import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeApiKey } from "#src/access/api-keys";
import { sealPending } from "#src/audit/sealer";
import type { Database } from "#src/database/database";
import { createEventHub, type StreamTiming } from "#src/delivery/events/event-hub";
import type { Events, Follower, Message } from "#src/platform/events";
import { insertEntries } from "#tests/support/audit-log";
import { keyRows } from "#tests/support/rows/keys";
import { type GivenOrganization, given, openWorld, type World } from "#tests/support/world";

let world: World;
let acme: GivenOrganization;
const hubs: Events[] = [];

beforeAll(async () => {
  world = await openWorld();
  acme = await world.organization();
});
afterAll(async () => {
  for (const hub of hubs) hub.close();
  await world.close();
});

const timing: StreamTiming = { lookEvery: 20, readEvery: 30_000, checkEvery: 50, beatEvery: 100, keepFor: 200 };

interface Options {
  readonly database?: Database;
  readonly bounds?: { readonly perCaller: number; readonly perOrganization: number; readonly total: number };
  readonly timing?: Partial<StreamTiming>;
}

function hubWith({ database = world.runtime.database, bounds, timing: other }: Options = {}): Events {
  const { log, clock, random } = world.runtime;
  const parts = { database, log, clock, random, timing: { ...timing, ...other } };
  const hub = createEventHub(bounds === undefined ? parts : { ...parts, bounds });
  hubs.push(hub);
  return hub;
}

async function followerOf(organization: GivenOrganization, caller = "key_1"): Promise<Follower> {
  const { hash } = makeApiKey(world.runtime.random);
  const { organizationId } = organization;
  await keyRows.insert(world.db.owner, { organizationId, name: caller, role: "owner", hash });
  return {
    owner: { organizationId, caller },
    presents: { kind: "apiKey", hash, organization: null },
    after: null,
    signal: undefined,
    sees: () => true,
    renew: async () => false,
  };
}

const kindOf = (message: Message) => (message.kind === "event" ? message.event.kind : message.kind);

/** Counts the transactions, which are the looks. */
function counting(database: Database) {
  const counts = { looks: 0, reads: 0 };
  const counted: Database = {
    ...database,
    batch: (role, organizationId, statements, body) => {
      if (role === "sync") counts.looks += 1;
      else counts.reads += 1;
      return database.batch(role, organizationId, statements, body);
    },
  };
  return { counts, counted };
}

describe("the hub of all streams", () => {
  test("streams of one organization share their looks, and an idle organization is not read again", async () => {
    const { counts, counted } = counting(world.runtime.database);
    const hub = hubWith({ database: counted });
    const follower = await followerOf(acme);
    const streams = await Promise.all(Array.from({ length: 8 }, () => hub.follow(follower)));
    for (const stream of streams) expect((await stream.next())?.map(kindOf)).toEqual(["ready"]);
    await expect.poll(() => counts.looks).toBeGreaterThan(5);
    expect(counts.reads).toBe(1);
    await given(acme).application();
    for (const stream of streams) {
      let kinds: string[] = [];
      while (!kinds.includes("application")) kinds = ((await stream.next()) ?? []).map(kindOf);
    }
    expect(counts.reads).toBeLessThan(6);
    for (const stream of streams) stream.end();
    await expect.poll(() => hub.held).toBe(0);
    // The organization is forgotten, so the looks end.
    const looksWithin = async (ms: number) => {
      const { looks } = counts;
      await new Promise((resolve) => setTimeout(resolve, ms));
      return counts.looks - looks;
    };
    await expect.poll(() => looksWithin(10 * timing.lookEvery)).toBe(0);
  });

  test("an idle stream gets a heartbeat", async () => {
    const stream = await hubWith().follow(await followerOf(acme));
    await stream.next();
    expect((await stream.next())?.map(kindOf)).toEqual(["heartbeat"]);
    stream.end();
  });

  test("more entries than one look may report become one reset", async () => {
    const hub = hubWith();
    const stream = await hub.follow(await followerOf(acme));
    await stream.next();
    await insertEntries(world, acme.organizationId, 600);
    await sealPending(world.runtime.database, new AbortController().signal);
    const kinds: string[] = [];
    while (!kinds.includes("reset")) kinds.push(...((await stream.next()) ?? []).map(kindOf));
    expect(kinds.filter((kind) => kind === "audit").length).toBeLessThanOrEqual(200);
    stream.end();
  });

  test("each share is bounded, and a place is free again after an end", async () => {
    const hub = hubWith({ bounds: { perCaller: 2, perOrganization: 3, total: 4 } });
    const beta = await world.organization();
    const refusalOf = async (follower: Follower) => {
      const refused = await hub.follow(follower).catch((error: unknown) => error);
      return refused;
    };
    const [one, two, other] = [await followerOf(acme, "a"), await followerOf(acme, "b"), await followerOf(beta, "c")];
    const [first] = [await hub.follow(one), await hub.follow(one)];
    expect(await refusalOf(one)).toMatchObject({ reason: "too_many_streams", retryAfter: 5 });
    await hub.follow(two);
    expect(await refusalOf(two)).toMatchObject({ reason: "too_many_streams" });
    await hub.follow(other);
    expect(await refusalOf(other)).toMatchObject({ reason: "stream_capacity_reached", retryAfter: 5 });
    first?.end();
    first?.end();
    expect(hub.held).toBe(3);
    expect(await refusalOf(one)).not.toMatchObject({ reason: "too_many_streams" });
  });

  test("a database that fails refuses new streams, and does not end those that are open", async () => {
    const { database } = world.runtime;
    let fails = false;
    const failing: Database = {
      ...database,
      batch: (...call) => (fails ? Promise.reject(new Error("lost")) : database.batch(...call)),
    };
    const hub = hubWith({ database: failing });
    const stream = await hub.follow(await followerOf(acme));
    await stream.next();
    fails = true;
    const beta = await world.organization();
    await expect(hub.follow(await followerOf(beta))).rejects.toThrow("lost");
    fails = false;
    await given(acme).application();
    const kinds: string[] = [];
    while (!kinds.includes("application")) kinds.push(...((await stream.next()) ?? []).map(kindOf));
    expect(kinds).not.toContain("end");
    expect(hub.held).toBe(1);
    stream.end();
  });

  test("the states of one organization that cannot be read do not stop the events of another", async () => {
    const { database } = world.runtime;
    const beta = await world.organization();
    const failing: Database = {
      ...database,
      batch: (role, organizationId, ...rest) =>
        organizationId === beta.organizationId
          ? Promise.reject(new Error("unreadable"))
          : database.batch(role, organizationId, ...rest),
    };
    const hub = hubWith({ database: failing });
    await expect(hub.follow(await followerOf(beta))).rejects.toThrow("unreadable");
    const stream = await hub.follow(await followerOf(acme));
    expect((await stream.next())?.map(kindOf)).toEqual(["ready"]);
    stream.end();
  });
});
