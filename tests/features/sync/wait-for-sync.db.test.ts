import { eq, isNotNull } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { changes } from "#drizzle/changes";
import { organizationGateways } from "#drizzle/gateways";
import { procedureRequest } from "#tests/support/call-response";
import { insertEnvironment } from "#tests/support/environment";
import { organizationGatewayRows } from "#tests/support/rows/organizations";
import { deleteRows, updateRows } from "#tests/support/rows/table";
import { type GivenOrganization, given, insertGateway, openWorld, type World } from "#tests/support/world";
import { deliveredBy } from "./delivered";

interface Waited {
  readonly state: string;
  readonly reached: boolean;
  readonly reason?: string;
  readonly supersededBy?: number;
  readonly gateways: {
    gatewayId: string;
    state: string;
    revision: number | null;
    at: string | null;
    cause?: string;
    proof: Record<string, unknown>[];
  }[];
}

let world: World;
let acme: GivenOrganization;
let environmentId: string;
let gatewayId: string;
let sync: ReturnType<typeof deliveredBy>;
let applicationId: string;
let changeId: string;
let hosts = 0;
const prioritized = new Set<string>();

beforeAll(async () => {
  world = await openWorld({ prioritize: (id) => void prioritized.add(id) });
});
afterAll(() => world.close());

/** Each test has a gateway, an organization and a routed application with one credential, all in one change. */
beforeEach(async () => {
  gatewayId = await insertGateway(world.db, world.runtime);
  acme = await world.organization({ gatewayId });
  ({ environmentId } = await insertEnvironment(world, acme));
  sync = deliveredBy(world, gatewayId);
  prioritized.clear();
  const created = await given(acme).application<{ applicationId: string; sync: { changeId: string } }>({
    environmentId,
    route: { host: `wait-${++hosts}.example`, upstreams: [{ url: "http://10.0.0.1:80" }] },
    credential: { username: "ada", password: "Lovelace-1815-x" },
  });
  applicationId = created.applicationId;
  changeId = created.sync.changeId;
});

async function wait(input: Record<string, unknown>): Promise<Waited> {
  const answer = await acme.call<Waited>("sync.wait", { timeoutMs: 0, ...input });
  expect(answer.status, answer.text).toBe(200);
  return answer.data;
}

const isOpen = async (promise: Promise<unknown>) =>
  (await Promise.race([promise, new Promise((resolve) => setTimeout(resolve, 100, "open"))])) === "open";

describe("sync.wait by change", () => {
  test("a change goes from pending through applied and loaded to enforced, and each response has its current state", async () => {
    expect(await wait({ changeId })).toEqual({
      state: "pending",
      reached: false,
      reason: "timeout",
      gateways: [{ gatewayId, state: "pending", revision: null, at: null, proof: [] }],
    });
    await sync.deliver(5);
    await sync.state(acme.organizationId, applicationId, 5);
    expect(await wait({ changeId, state: "applied" })).toEqual({
      state: "applied",
      reached: true,
      gateways: [{ gatewayId, state: "applied", revision: 5, at: expect.any(String), proof: [] }],
    });
    expect(await wait({ changeId, state: "loaded" })).toMatchObject({
      state: "applied",
      reached: false,
      reason: "timeout",
    });
    await sync.load(5);
    expect(await wait({ changeId, state: "loaded" })).toMatchObject({ state: "loaded", reached: true });
    expect(await wait({ changeId })).toMatchObject({ state: "loaded", reached: false, reason: "timeout" });
    const shown = { request: "HEAD /", status: 401, tag: true, pass: false, at: new Date().toISOString() };
    const proof = [{ ...shown, proven: true, why: null }];
    await sync.state(acme.organizationId, applicationId, 5, { proven: 5, proof });
    expect(await wait({ changeId, state: "enforced" })).toEqual({
      state: "enforced",
      reached: true,
      gateways: [{ gatewayId, state: "enforced", revision: 5, at: expect.any(String), proof: [shown] }],
    });
  });

  test("sync.wait returns when the state is reached, not when the timeout ends", async () => {
    const began = performance.now();
    const waiting = wait({ changeId, timeoutMs: 60_000 });
    expect(await isOpen(waiting)).toBe(true);
    await sync.deliver(1);
    await sync.load(1);
    await sync.state(acme.organizationId, applicationId, 1, { proven: 0 });
    await expect.poll(() => prioritized.has(applicationId)).toBe(true);
    await sync.state(acme.organizationId, applicationId, 1, { proven: 1 });
    expect(await waiting).toMatchObject({ state: "enforced", reached: true });
    expect(performance.now() - began).toBeLessThan(20_000);
  });

  test("every row of a change counts: a deny that is not loaded, and another application", async () => {
    await sync.deliver(3);
    await sync.load(3);
    await sync.state(acme.organizationId, applicationId, 3, { proven: 3 });
    expect((await wait({ changeId })).reached).toBe(true);
    await sync.change(acme.organizationId, { changeId, denyGroup: 7 });
    expect(await wait({ changeId, state: "applied" })).toMatchObject({ state: "pending", reached: false });
    await sync.deliver(4);
    expect(await wait({ changeId })).toMatchObject({ state: "applied", gateways: [{ state: "applied", revision: 4 }] });
    await sync.load(4);
    expect(await wait({ changeId })).toMatchObject({ state: "enforced", reached: true });
    await sync.change(acme.organizationId, { changeId, applicationId: "app_other" });
    await sync.deliver(4);
    await sync.state(acme.organizationId, "app_other", 4, { unproven: "not_our_router" });
    expect(await wait({ changeId })).toMatchObject({
      state: "loaded",
      reached: false,
      gateways: [{ state: "loaded", cause: "not_our_router" }],
    });
  });

  test("a change of denies only is enforced when it is loaded", async () => {
    const denyChange = await sync.change(acme.organizationId, { denyGroup: 0 });
    await sync.deliver(2, denyChange);
    expect(await wait({ changeId: denyChange })).toMatchObject({ state: "applied", reached: false });
    await sync.load(2);
    expect(await wait({ changeId: denyChange })).toMatchObject({ state: "enforced", reached: true });
  });

  test("rows of a change on two gateways are reported separately, and both count", async () => {
    const other = await insertGateway(world.db, world.runtime);
    await organizationGatewayRows.insert(world.db.owner, { organizationId: acme.organizationId, gatewayId: other });
    const otherSync = deliveredBy(world, other);
    await otherSync.change(acme.organizationId, { changeId, denyGroup: 0 });
    await sync.deliver(1);
    await sync.load(1);
    await sync.state(acme.organizationId, applicationId, 1, { proven: 1 });
    const half = await wait({ changeId });
    expect([half.state, half.reached, half.gateways.map(({ state }) => state).sort()]).toEqual([
      "pending",
      false,
      ["enforced", "pending"],
    ]);
    await otherSync.deliver(9);
    await otherSync.load(9);
    expect(await wait({ changeId })).toMatchObject({ state: "enforced", reached: true });
  });

  test("a newer proven delivery of the application counts and is returned as supersededBy", async () => {
    await sync.deliver(5);
    await sync.load(8);
    await sync.state(acme.organizationId, applicationId, 8, { proven: 4 });
    expect(await wait({ changeId })).toMatchObject({ state: "loaded", reached: false, supersededBy: 8 });
    await sync.state(acme.organizationId, applicationId, 8, { proven: 8 });
    expect(await wait({ changeId })).toMatchObject({
      state: "enforced",
      reached: true,
      supersededBy: 8,
      gateways: [{ revision: 5 }],
    });
  });

  test("a probe from before the delivery is not returned as its proof", async () => {
    const at = "2026-01-01T00:00:00.000Z";
    const before = { request: "HEAD /", status: 200, tag: true, pass: true, proven: true, why: null, at };
    await sync.deliver(5);
    await sync.state(acme.organizationId, applicationId, 5, { proven: 4, proof: [before] });
    expect((await wait({ changeId })).gateways[0]?.proof).toEqual([]);
  });

  test("sync.wait returns the cause when a gateway receives no delivery", async () => {
    await sync.fail("disk_full");
    expect((await wait({ changeId })).gateways).toMatchObject([{ cause: "disk_full" }]);
  });

  test("a cause or a reason that another version stored is returned as unrecognized", async () => {
    await sync.storeForeignCause("The disk is full.");
    expect((await wait({ changeId })).gateways).toMatchObject([{ cause: "unrecognized" }]);
    await sync.fail(null);
    await sync.deliver(4);
    await sync.load(4);
    await sync.state(acme.organizationId, applicationId, 4);
    await sync.storeForeignReason(applicationId, "a word of a later version");
    expect((await wait({ changeId })).gateways).toMatchObject([{ state: "loaded", cause: "unrecognized" }]);
  });

  test("the removal of a deleted application can be waited for by its change", async () => {
    await sync.deliver(5);
    await sync.load(5);
    await sync.state(acme.organizationId, applicationId, 5, { proven: 5 });
    const deletion = await given(acme).ok<{ sync: { changeId: string } }>("applications.delete", { applicationId });
    expect((await acme.call("sync.wait", { applicationId })).status).toBe(404);
    const removal = { changeId: deletion.sync.changeId };
    expect(await wait(removal)).toMatchObject({ state: "pending", reached: false });
    await sync.deliver(6);
    await sync.load(6);
    await sync.state(acme.organizationId, applicationId, 6, { proven: 5, removed: true, unproven: "still_there" });
    expect(await wait(removal)).toMatchObject({ state: "loaded", gateways: [{ cause: "still_there" }] });
    await sync.state(acme.organizationId, applicationId, 6, { proven: 6, removed: true });
    expect(await wait(removal)).toMatchObject({ state: "enforced", reached: true });
    expect(await wait({ changeId })).toMatchObject({ state: "enforced", reached: true, supersededBy: 6 });
  });

  test("no state beyond applied is reported for a gateway on which the organization is no longer allowed", async () => {
    await sync.deliver(5);
    await sync.load(5);
    await sync.state(acme.organizationId, applicationId, 5, { proven: 5 });
    await deleteRows(world.db.owner, organizationGateways, { organizationId: acme.organizationId });
    for (const state of ["loaded", "enforced"]) {
      expect(await wait({ changeId, state, timeoutMs: 10_000 })).toMatchObject({
        state: "applied",
        reached: false,
        reason: "no_gateway",
        gateways: [{ gatewayId, state: "applied" }],
      });
    }
    expect(await wait({ applicationId })).toMatchObject({ reached: false, reason: "no_gateway" });
    const pending = await sync.change(acme.organizationId, { applicationId });
    expect(await wait({ changeId: pending, state: "applied" })).toMatchObject({ state: "pending", reached: false });
  });
});

describe("sync.wait by application", () => {
  const enforceAll = async (revision: number) => {
    await sync.deliver(revision);
    await sync.load(revision);
    await sync.state(acme.organizationId, applicationId, revision, { proven: revision });
  };

  test("sync.wait covers every change that was committed before the call", async () => {
    await sync.deliver(1);
    await sync.load(1);
    await sync.state(acme.organizationId, applicationId, 1, { proven: 1 });
    expect(await wait({ applicationId })).toMatchObject({ state: "enforced", reached: true });
    await given(acme).credential(applicationId, "bob");
    await given(acme).credential(applicationId, "eve");
    expect(await wait({ applicationId, state: "applied" })).toMatchObject({ state: "pending", reached: false });
    const waiting = wait({ applicationId, timeoutMs: 60_000 });
    expect(await isOpen(waiting)).toBe(true);
    await enforceAll(2);
    const answer = await waiting;
    expect(answer).toMatchObject({ state: "enforced", reached: true, gateways: [{ revision: 2 }] });
    expect(answer.supersededBy).toBeUndefined(); // the earlier delivery is no longer relevant
    expect(await wait({ applicationId })).toMatchObject({ state: "enforced", reached: true });
  });

  test("sync.wait does not cover a change that is committed during the wait", async () => {
    const waiting = wait({ applicationId, timeoutMs: 60_000 });
    expect(await isOpen(waiting)).toBe(true);
    const { securityId } = await given(acme).credential(applicationId, "bob");
    expect(securityId).toEqual(expect.any(String));
    const later = wait({ applicationId, timeoutMs: 60_000 });
    await sync.deliver(1, changeId);
    await sync.load(1);
    await sync.state(acme.organizationId, applicationId, 1, { proven: 1 });
    expect(await waiting).toMatchObject({ state: "enforced", reached: true, gateways: [{ revision: 1 }] });
    expect(await isOpen(later)).toBe(true);
    await enforceAll(2);
    expect(await later).toMatchObject({ state: "enforced", reached: true });
  });

  test("sync.wait covers the deny of the application's host, but no row of another application in the same change", async () => {
    await updateRows(world.db.owner, changes, [eq(changes.changeId, changeId), isNotNull(changes.applicationId)], {
      deliveredIn: 1,
      deliveredAt: new Date(),
    });
    await sync.load(1);
    await sync.state(acme.organizationId, applicationId, 1, { proven: 1 });
    await sync.change(acme.organizationId, { changeId, applicationId: "app_other" });
    expect(await wait({ applicationId })).toMatchObject({ state: "pending", reached: false });
    await updateRows(world.db.owner, changes, [eq(changes.changeId, changeId), isNotNull(changes.denyGroup)], {
      deliveredIn: 2,
    });
    expect(await wait({ applicationId })).toMatchObject({ state: "applied", reached: false });
    await sync.load(2);
    expect(await wait({ applicationId })).toMatchObject({ state: "enforced", reached: true });
  });

  test("an application without outbox rows is judged by its last delivery, and a later change does not prolong the wait", async () => {
    await sync.deliver(1);
    await sync.load(1);
    await sync.state(acme.organizationId, applicationId, 1);
    await deleteRows(world.db.owner, changes, { applicationId });
    await deleteRows(world.db.owner, changes, { changeId });
    const waiting = wait({ applicationId, timeoutMs: 60_000 });
    expect(await isOpen(waiting)).toBe(true);
    await sync.state(acme.organizationId, applicationId, 2, { proven: 1 });
    expect(await waiting).toMatchObject({ state: "enforced", reached: true, supersededBy: 2 });
  });

  test("an application without a route returns no_route for enforced and reaches the other states", async () => {
    const created = await given(acme).application({ environmentId, credential: { username: "ada" } });
    expect(await wait({ applicationId: created.applicationId, timeoutMs: 10_000 })).toEqual({
      state: "unchanged",
      reached: false,
      reason: "no_route",
      gateways: [],
    });
    expect(await wait({ applicationId: created.applicationId, state: "applied" })).toMatchObject({ reached: true });
    await given(acme).credential(created.applicationId, "bob");
    expect(await wait({ applicationId: created.applicationId })).toMatchObject({ state: "pending", reason: "timeout" });
    await sync.deliver(3);
    await sync.load(3);
    await sync.state(acme.organizationId, created.applicationId, 3, { routed: false, proven: 3 });
    expect(await wait({ applicationId: created.applicationId })).toMatchObject({ reached: false, reason: "no_route" });
    expect(await wait({ applicationId: created.applicationId, state: "loaded" })).toMatchObject({ reached: true });
  });
});

describe("input of sync.wait", () => {
  test.each([
    [{}, {}],
    [{ both: true }, {}],
    [{ state: "pending" }, { state: "invalid_value" }],
    [{ state: "unchanged" }, { state: "invalid_value" }],
    [{ timeoutMs: 60_001 }, { timeoutMs: "too_big" }],
    [{ timeoutMs: -1 }, { timeoutMs: "too_small" }],
    [{ timeoutMs: 1.5 }, { timeoutMs: "invalid_type" }],
    [{ forever: true }, { forever: "unknown_field" }],
  ])("sync.wait rejects the input %j", async (input, fields) => {
    const { both, ...rest } = input as Record<string, unknown>;
    const ids = Object.keys(input).length === 0 ? {} : both ? { applicationId, changeId } : { changeId };
    const refused = await acme.call("sync.wait", { ...ids, ...rest });
    expect([refused.status, refused.error?.data.reason]).toEqual([400, "invalid_input"]);
    expect(refused.error?.data.fields ?? {}).toMatchObject(fields);
  });

  test("an application or a change of another organization returns 404", async () => {
    const beta = await world.organization();
    for (const input of [{ applicationId }, { changeId }, { changeId: "chg_nowhere" }]) {
      const refused = await beta.call("sync.wait", input);
      expect([refused.status, refused.error?.data.reason]).toEqual([404, "not_found"]);
    }
  });

  test("a viewer can wait", async () => {
    const viewer = world.callAs(await acme.key("viewer"));
    expect((await viewer<Waited>("sync.wait", { changeId, timeoutMs: 0 })).data.reason).toBe("timeout");
  });
});

test("a wait ends when its caller disconnects", async () => {
  const disconnect = new AbortController();
  const input = { changeId, timeoutMs: 60_000 };
  const request = procedureRequest("sync.wait", input, { key: await acme.key("viewer") });
  const waiting = world.handler(new Request(request, { signal: disconnect.signal }), { ip: null });
  expect(await isOpen(waiting)).toBe(true);
  disconnect.abort();
  expect((await waiting).status).toBeGreaterThan(0);
});

test("40 concurrent waits do not block other requests and hold no transaction open", async () => {
  const other = world.callAs(await acme.key("viewer"));
  const waiting = Array.from({ length: 40 }, async (_, at) => {
    const [call, target] = [at < 20 ? acme.call : other, at % 2 ? { changeId } : { applicationId }];
    return (await call<Waited>("sync.wait", { ...target, timeoutMs: 60_000 })).data;
  });
  // A creation that had to wait for one of them would find it ended.
  for (let at = 0; at < 10; at++) {
    await given(acme).credential(applicationId, `user-${at}`);
    expect(await isOpen(Promise.race(waiting))).toBe(true);
  }
  await expect
    .poll(async () => {
      const open = await world.db.asOwner(
        `select 1 as one from pg_stat_activity
         where datname = current_database() and state = 'idle in transaction' and now() - xact_start > interval '1 second'`,
      );
      return open.length;
    })
    .toBe(0);
  await sync.deliver(1);
  await sync.load(1);
  await sync.state(acme.organizationId, applicationId, 1, { proven: 1 });
  for (const answer of await Promise.all(waiting)) expect(answer.reached).toBe(true);
});
