import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { apiKeys } from "#drizzle/api-keys";
import { changes as changesTable } from "#drizzle/changes";
import { parseApiKey } from "#src/access/api-keys";
import type { Database } from "#src/database/database";
import { findBlocking } from "#src/delivery/leader/blocked-waits";
import type { ProgressRow } from "#src/delivery/read-progress";
import { progressOfChange } from "#src/delivery/read-progress";
import { hasReached, leastOf, progressOf } from "#src/delivery/sync-progress";
import { createWaitHub, type WaitBounds } from "#src/delivery/wait-hub";
import { createHandler } from "#src/http/handler";
import type { Waits, WaitTarget } from "#src/platform/waits";
import { procedureRequest, readCallResponse } from "#tests/support/call-response";
import { insertEnvironment } from "#tests/support/environment";
import { callOn } from "#tests/support/interposed";
import { readRows, updateRows } from "#tests/support/rows/table";
import { type GivenOrganization, given, openWorld, type World } from "#tests/support/world";
import { deliveredBy } from "./delivered";

/** The time that a loaded machine may need for something that is usually immediate. */
const patience = { timeout: 30_000 };

let world: World;
let acme: GivenOrganization;
let beta: GivenOrganization;
let sync: ReturnType<typeof deliveredBy>;

beforeAll(async () => {
  world = await openWorld();
  acme = await world.organization();
  beta = await world.organization();
  sync = deliveredBy(world, world.gatewayId);
});
afterAll(() => world.close());

/** Ends the waits that a test leaves open. */
let openWaits = new AbortController();
afterEach(() => {
  openWaits.abort();
  openWaits = new AbortController();
});

interface WaitResponse {
  readonly status: number;
  readonly reason: string | undefined;
  readonly retryAfter: string | null;
}

/** A control plane with these bounds that uses the world's database. */
function controlPlaneWith(bounds: Partial<WaitBounds>, options: { checkEveryMs?: number; database?: Database } = {}) {
  const { database, log } = world.runtime;
  let started = 0;
  const hub = createWaitHub({
    database: options.database ?? database,
    log,
    prioritize: () => undefined,
    bounds: { perCaller: 20, perOrganization: 200, total: 2_000, ...bounds },
    ...(options.checkEveryMs === undefined ? {} : { checkEveryMs: options.checkEveryMs }),
  });
  const waits: Waits = {
    ...hub,
    moved(wait) {
      if (!wait.again) started++;
      return hub.moved(wait);
    },
    get held() {
      return hub.held;
    },
  };
  const runtime = { ...world.runtime, database: options.database ?? database, waits };
  return {
    waits,
    runtime,
    /** The number of calls that have checked their state once and wait since then. */
    started: () => started,
    /** Waits until the state is reached, 60 s have passed or the test is over. */
    async wait(key: string, changeId: string, timeoutMs = 60_000): Promise<WaitResponse> {
      const request = procedureRequest("sync.wait", { changeId, timeoutMs }, { key });
      const response = await createHandler(runtime)(new Request(request, { signal: openWaits.signal }), {
        ip: "192.0.2.33",
      });
      const { status, data, error, headers } = await readCallResponse<{ reason?: string } | undefined>(response);
      return { status, reason: error?.data.reason ?? data?.reason, retryAfter: headers.get("retry-after") };
    },
  };
}

type Plane = ReturnType<typeof controlPlaneWith>;

/** Starts waits until this many more are in progress. */
async function holdWaits(plane: Plane, key: string, changeId: string, count: number) {
  const held = plane.waits.held + count;
  const waiting = Array.from({ length: count }, () => plane.wait(key, changeId));
  await expect.poll(() => plane.waits.held, patience).toBe(held);
  return waiting;
}

describe("limits of concurrent waits", () => {
  test("a key with 20 waits in progress gets 429 with Retry-After, and another key of its organization can wait", async () => {
    const plane = controlPlaneWith({});
    const [key, other] = [await acme.key("viewer"), await acme.key("viewer")];
    const changeId = await sync.change(acme.organizationId, { applicationId: "app_one" });
    await holdWaits(plane, key, changeId, 20);
    expect(await plane.wait(key, changeId)).toEqual({ status: 429, reason: "too_many_waits", retryAfter: "2" });
    await holdWaits(plane, other, changeId, 1);
    expect((await callOn(plane.runtime, key, "sync.wait", { changeId, timeoutMs: 0 })).status).toBe(200);
  });

  test("an organization that has used up its share gets 429 with every key, and another organization can wait", async () => {
    const plane = controlPlaneWith({ perOrganization: 3 });
    const changeId = await sync.change(acme.organizationId, { applicationId: "app_one" });
    for (let key = 0; key < 3; key++) await holdWaits(plane, await acme.key("viewer"), changeId, 1);
    expect(await plane.wait(await acme.key("owner"), changeId)).toMatchObject({
      status: 429,
      reason: "too_many_waits",
      retryAfter: "2",
    });
    await holdWaits(plane, await beta.key("viewer"), await sync.change(beta.organizationId, { denyGroup: 1 }), 1);
  });

  test("a process without a free slot returns 503 with Retry-After", async () => {
    const plane = controlPlaneWith({ total: 2 });
    const changeId = await sync.change(acme.organizationId, { applicationId: "app_one" });
    await holdWaits(plane, await acme.key("viewer"), changeId, 2);
    const betaChange = await sync.change(beta.organizationId, { denyGroup: 1 });
    expect(await plane.wait(await beta.key("viewer"), betaChange)).toEqual({
      status: 503,
      reason: "wait_capacity_reached",
      retryAfter: "2",
    });
  });

  test("a slot is free again after a response, a timeout, a disconnect and a refusal", async () => {
    const plane = controlPlaneWith({ perCaller: 1, perOrganization: 1, total: 1 });
    const key = await acme.key("viewer");
    const changeId = await sync.change(acme.organizationId, { denyGroup: 3 });
    expect(await plane.wait(key, changeId, 30)).toMatchObject({ status: 200, reason: "timeout" });
    expect(plane.waits.held).toBe(0);
    await holdWaits(plane, key, changeId, 1);
    expect((await plane.wait(key, changeId)).status).toBe(429);
    openWaits.abort();
    await expect.poll(() => plane.waits.held, patience).toBe(0);
    openWaits = new AbortController();
    const [waiting] = await holdWaits(plane, key, changeId, 1);
    await sync.deliver(4, changeId);
    await sync.load(4);
    expect(await waiting).toMatchObject({ status: 200 });
    expect(plane.waits.held).toBe(0);
  });
});

/** A database that counts the transactions of each role and the statements outside of transactions. */
function countTransactions(database: Database) {
  const counts = new Map<string, number>();
  const count = (kind: string) => void counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const counted: Database = {
    ...database,
    transaction: (role, organizationId, body) => {
      count(role);
      return database.transaction(role, organizationId, body);
    },
    batch: (role, organizationId, statements, body) => {
      count(role);
      return database.batch(role, organizationId, statements, body);
    },
    call: (statement) => {
      count("call");
      return database.call(statement);
    },
  };
  return { counted, counts };
}

test("a hundred waits share their database queries, and none of them queries alone", async () => {
  const { counted, counts } = countTransactions(world.runtime.database);
  const plane = controlPlaneWith({}, { database: counted });
  const changes = await Promise.all(
    Array.from({ length: 100 }, (_, at) => sync.change(acme.organizationId, { applicationId: `app_${at}` })),
  );
  for (let key = 0; key < 5; key++) {
    const one = await acme.key("viewer");
    for (const changeId of changes.slice(key * 20, key * 20 + 20)) void plane.wait(one, changeId);
  }
  await expect.poll(() => plane.waits.held, patience).toBe(100);
  await expect.poll(() => counts.get("tenant"), patience).toBe(100); // each wait has queried once by itself, as any request does
  counts.clear();
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect(counts.get("tenant") ?? 0).toBe(0);
  expect(counts.get("call") ?? 0).toBe(0);
  expect(counts.get("sync") ?? 0).toBeGreaterThan(0);
  expect(counts.get("sync") ?? 0).toBeLessThan(60); // separate waits would have queried 400 times
});

describe("a caller that loses its permission during a wait", () => {
  const hashOfKey = (key: string) => {
    const parsed = parseApiKey(key);
    if (!parsed.ok) throw new Error("this is not the form of a key");
    return parsed.hash;
  };
  const revoke = (key: string) =>
    updateRows(world.db.owner, apiKeys, { hash: hashOfKey(key) }, { revokedAt: new Date() });

  test("a wait is refused soon after its key is revoked, and its slot is free", async () => {
    const plane = controlPlaneWith({}, { checkEveryMs: 50 });
    const key = await acme.key("viewer");
    const changeId = await sync.change(acme.organizationId, { applicationId: "app_one" });
    const waiting = await holdWaits(plane, key, changeId, 3);
    await revoke(key);
    for (const answer of await Promise.all(waiting)) {
      expect(answer).toMatchObject({ status: 401, reason: "key_revoked" });
    }
    expect(plane.waits.held).toBe(0);
  });

  test("a wait is refused if its key is revoked just before the state is reached", async () => {
    const plane = controlPlaneWith({}, { checkEveryMs: 60_000 });
    const key = await acme.key("viewer");
    const changeId = await sync.change(acme.organizationId, { denyGroup: 5 });
    const [waiting] = await holdWaits(plane, key, changeId, 1);
    await expect.poll(plane.started, patience).toBe(1);
    await revoke(key);
    await sync.deliver(7, changeId);
    await sync.load(7);
    expect(await waiting).toMatchObject({ status: 401, reason: "key_revoked" });
  });

  test("a wait is refused when its key loses the permission, and the wait of another caller continues", async () => {
    const plane = controlPlaneWith({}, { checkEveryMs: 50 });
    const [reduced, unchanged] = [await acme.key("viewer"), await acme.key("viewer")];
    const changeId = await sync.change(acme.organizationId, { applicationId: "app_one" });
    const [waiting] = await holdWaits(plane, reduced, changeId, 1);
    await holdWaits(plane, unchanged, changeId, 1);
    await updateRows(world.db.owner, apiKeys, { hash: hashOfKey(reduced) }, { role: null, scopes: [] });
    expect(await waiting).toMatchObject({ status: 403, reason: "key_scope" });
    expect(plane.waits.held).toBe(1);
  });
});

describe("findBlocking", () => {
  const random = (() => {
    let seed = 20_261_119;
    return (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return Math.floor((seed / 2_147_483_648) * below);
    };
  })();
  const states = ["applied", "loaded", "enforced"] as const;

  /** Whether a response would report that this row has reached the state, at a gateway that the organization may use. */
  function isReached(row: ProgressRow, state: (typeof states)[number]): boolean {
    if (row.gateway === null) return true;
    const isUnrouted = row.application?.routed === false && row.deliveredIn !== null;
    if (state === "enforced" && isUnrouted) return true;
    return hasReached(leastOf([progressOf(row, { ...row.gateway, application: row.application })]), state);
  }

  test("finds a change blocked exactly when one of its rows has not reached the state", async () => {
    const changes: string[] = [];
    await sync.load(5);
    for (let at = 0; at < 60; at++) {
      const changeId = await sync.change(acme.organizationId, { denyGroup: at });
      if (random(3) > 0) await sync.deliver(4 + random(3), changeId);
      for (let row = random(3); row > 0; row--) {
        const applicationId = `app_${at}_${row}`;
        await sync.change(acme.organizationId, { changeId, applicationId });
        if (random(4) > 0) await sync.deliver(4 + random(3), changeId);
        if (random(4) === 0) continue;
        const [revision, proven] = [4 + random(4), random(2) * (3 + random(4))];
        await sync.state(acme.organizationId, applicationId, revision, { proven, routed: random(4) > 0 });
      }
      changes.push(changeId);
    }
    const targets = changes.flatMap((changeId) =>
      states.map((state): WaitTarget => ({ kind: "change", changeId, organizationId: acme.organizationId, state })),
    );
    const found = await findBlocking(world.runtime.database, targets);
    const expected = await Promise.all(
      targets.map(async (target) => {
        const { changeId, state } = target as Extract<WaitTarget, { kind: "change" }>;
        const rows = await world.runtime.database.transaction("tenant", acme.organizationId, (tx) =>
          progressOfChange(tx, changeId),
        );
        return rows.some((row) => !isReached(row, state));
      }),
    );
    expect(found.map((blocking) => blocking !== undefined)).toEqual(expected);
    expect(new Set(expected).size).toBe(2);
  });

  test("returns nothing about another organization's change, rows and application", async () => {
    const { environmentId } = await insertEnvironment(world, acme);
    const created = await given(acme).application<{ applicationId: string; sync: { changeId: string } }>({
      environmentId,
      route: { host: "shared-look.example", upstreams: [{ url: "http://10.0.0.1:80" }] },
      credential: { username: "ada" },
    });
    const { applicationId } = created;
    const rows = (await readRows(world.db.owner, changesTable, { applicationId }, ["row"])).map(({ row }) =>
      Number(row),
    );
    await sync.state(acme.organizationId, applicationId, 3, { proven: 0 });
    const targetsFor = (organizationId: string): WaitTarget[] => [
      { kind: "change", changeId: created.sync.changeId, organizationId, state: "enforced" },
      { kind: "rows", rows, organizationId, state: "enforced" },
      { kind: "application", applicationId, revision: 90, organizationId, state: "enforced" },
    ];
    const ownResult = await findBlocking(world.runtime.database, targetsFor(acme.organizationId));
    expect(ownResult.map((blocking) => blocking !== undefined)).toEqual([true, true, true]);
    expect(await findBlocking(world.runtime.database, targetsFor(beta.organizationId))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});
