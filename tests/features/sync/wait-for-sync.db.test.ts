import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { insertPlace } from "../../support/place";
import { type GivenOrganization, given, insertGateway, openWorld, type World } from "../../support/world";
import { deliveredBy, type Proof } from "./delivered";

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
    proof: Proof[];
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
  ({ environmentId } = await insertPlace(world, acme));
  sync = deliveredBy(world, gatewayId);
  prioritized.clear();
  const made = await given(acme).application<{ applicationId: string; sync: { changeId: string } }>({
    environmentId,
    route: { host: `wait-${++hosts}.example`, upstreams: [{ url: "http://10.0.0.1:80" }] },
    credential: { username: "ada", password: "Lovelace-1815-x" },
  });
  applicationId = made.applicationId;
  changeId = made.sync.changeId;
});

async function wait(input: Record<string, unknown>): Promise<Waited> {
  const answer = await acme.call<Waited>("sync.wait", { timeoutMs: 0, ...input });
  expect(answer.status, answer.text).toBe(200);
  return answer.data;
}

const isOpen = async (promise: Promise<unknown>) =>
  (await Promise.race([promise, new Promise((resolve) => setTimeout(resolve, 100, "open"))])) === "open";

describe("by its change", () => {
  test("it comes from pending over applied and loaded to enforced, and each answer says what is so", async () => {
    const proof: Proof[] = [{ request: "HEAD /", status: 401, tag: true, pass: false, at: new Date().toISOString() }];
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
    await sync.state(acme.organizationId, applicationId, 5, { proven: 5, proof });
    expect(await wait({ changeId, state: "enforced" })).toEqual({
      state: "enforced",
      reached: true,
      gateways: [{ gatewayId, state: "enforced", revision: 5, at: expect.any(String), proof }],
    });
  });

  test("it is answered once it is so, not at the end of the time", async () => {
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

  test("every row of it counts: a deny that is not loaded, another application", async () => {
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
    await sync.state(acme.organizationId, "app_other", 4, { unproven: "not_ours" });
    expect(await wait({ changeId })).toMatchObject({
      state: "loaded",
      reached: false,
      gateways: [{ state: "loaded", cause: "not_ours" }],
    });
  });

  test("one of denies alone is enforced when it is loaded", async () => {
    const alone = await sync.change(acme.organizationId, { denyGroup: 0 });
    await sync.deliver(2, alone);
    expect(await wait({ changeId: alone })).toMatchObject({ state: "applied", reached: false });
    await sync.load(2);
    expect(await wait({ changeId: alone })).toMatchObject({ state: "enforced", reached: true });
  });

  test("rows on two gateways are told apart, and both count", async () => {
    const other = await insertGateway(world.db, world.runtime);
    await world.db.asOwner(`insert into organization_gateways values ($1, $2, now())`, [acme.organizationId, other]);
    const there = deliveredBy(world, other);
    await there.change(acme.organizationId, { changeId, denyGroup: 0 });
    await sync.deliver(1);
    await sync.load(1);
    await sync.state(acme.organizationId, applicationId, 1, { proven: 1 });
    const half = await wait({ changeId });
    expect([half.state, half.reached, half.gateways.map(({ state }) => state).sort()]).toEqual([
      "pending",
      false,
      ["enforced", "pending"],
    ]);
    await there.deliver(9);
    await there.load(9);
    expect(await wait({ changeId })).toMatchObject({ state: "enforced", reached: true });
  });

  test("a newer delivery of the application that is proven counts, and is named", async () => {
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

  test("what was asked before it was delivered is no proof of it", async () => {
    const before: Proof = { request: "HEAD /", status: 200, tag: true, pass: true, at: "2026-01-01T00:00:00.000Z" };
    await sync.deliver(5);
    await sync.state(acme.organizationId, applicationId, 5, { proven: 4, proof: [before] });
    expect((await wait({ changeId })).gateways[0]?.proof).toEqual([]);
  });

  test("why a gateway gets nothing is said", async () => {
    await sync.fail("The disk of the gateway's folder is full.");
    expect((await wait({ changeId })).gateways).toMatchObject([{ cause: "The disk of the gateway's folder is full." }]);
  });

  test("an application that is gone is waited for by the change that removed it", async () => {
    await sync.deliver(5);
    await sync.load(5);
    await sync.state(acme.organizationId, applicationId, 5, { proven: 5 });
    const gone = await given(acme).ok<{ sync: { changeId: string } }>("applications.delete", { applicationId });
    expect((await acme.call("sync.wait", { applicationId })).status).toBe(404);
    const removal = { changeId: gone.sync.changeId };
    expect(await wait(removal)).toMatchObject({ state: "pending", reached: false });
    await sync.deliver(6);
    await sync.load(6);
    await sync.state(acme.organizationId, applicationId, 6, { proven: 5, removed: true, unproven: "still_there" });
    expect(await wait(removal)).toMatchObject({ state: "loaded", gateways: [{ cause: "still_there" }] });
    await sync.state(acme.organizationId, applicationId, 6, { proven: 6, removed: true });
    expect(await wait(removal)).toMatchObject({ state: "enforced", reached: true });
    expect(await wait({ changeId })).toMatchObject({ state: "enforced", reached: true, supersededBy: 6 });
  });

  test("of a gateway that is gone, or not the organization's any more, nothing is claimed to be reached", async () => {
    await sync.deliver(5);
    await sync.load(5);
    await sync.state(acme.organizationId, applicationId, 5, { proven: 5 });
    await world.db.asOwner(`delete from organization_gateways where organization_id = $1`, [acme.organizationId]);
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

describe("by its application", () => {
  const enforceAll = async (revision: number) => {
    await sync.deliver(revision);
    await sync.load(revision);
    await sync.state(acme.organizationId, applicationId, revision, { proven: revision });
  };

  test("every change that was committed before the call is waited for", async () => {
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
    expect(answer.supersededBy).toBeUndefined(); // what was delivered before them is not waited for any more
    expect(await wait({ applicationId })).toMatchObject({ state: "enforced", reached: true });
  });

  test("a change that comes while it waits is not", async () => {
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

  test("the deny of its host is waited for, and another application's row of the same change is not", async () => {
    await world.db.asOwner(
      `update changes set delivered_in = 1, delivered_at = now() where change_id = $1 and application_id is not null`,
      [changeId],
    );
    await sync.load(1);
    await sync.state(acme.organizationId, applicationId, 1, { proven: 1 });
    await sync.change(acme.organizationId, { changeId, applicationId: "app_other" });
    expect(await wait({ applicationId })).toMatchObject({ state: "pending", reached: false });
    await world.db.asOwner(`update changes set delivered_in = 2 where change_id = $1 and deny_group is not null`, [
      changeId,
    ]);
    expect(await wait({ applicationId })).toMatchObject({ state: "applied", reached: false });
    await sync.load(2);
    expect(await wait({ applicationId })).toMatchObject({ state: "enforced", reached: true });
  });

  test("one whose outbox rows were swept is as it was last delivered; a later change does not prolong the wait", async () => {
    await sync.deliver(1);
    await sync.load(1);
    await sync.state(acme.organizationId, applicationId, 1);
    await world.db.asOwner(`delete from changes where application_id = $1`, [applicationId]);
    await world.db.asOwner(`delete from changes where change_id = $1`, [changeId]);
    const waiting = wait({ applicationId, timeoutMs: 60_000 });
    expect(await isOpen(waiting)).toBe(true);
    await sync.state(acme.organizationId, applicationId, 2, { proven: 1 });
    expect(await waiting).toMatchObject({ state: "enforced", reached: true, supersededBy: 2 });
  });

  test("one that never had a route: no_route, and the other states as they are", async () => {
    const made = await given(acme).application({ environmentId, credential: { username: "ada" } });
    expect(await wait({ applicationId: made.applicationId, timeoutMs: 10_000 })).toEqual({
      state: "unchanged",
      reached: false,
      reason: "no_route",
      gateways: [],
    });
    expect(await wait({ applicationId: made.applicationId, state: "applied" })).toMatchObject({ reached: true });
    await given(acme).credential(made.applicationId, "bob");
    expect(await wait({ applicationId: made.applicationId })).toMatchObject({ state: "pending", reason: "timeout" });
    await sync.deliver(3);
    await sync.load(3);
    await sync.state(acme.organizationId, made.applicationId, 3, { routed: false, proven: 3 });
    expect(await wait({ applicationId: made.applicationId })).toMatchObject({ reached: false, reason: "no_route" });
    expect(await wait({ applicationId: made.applicationId, state: "loaded" })).toMatchObject({ reached: true });
  });
});

describe("what is asked", () => {
  test.each([
    [{}, {}],
    [{ both: true }, {}],
    [{ state: "pending" }, { state: "invalid_value" }],
    [{ state: "unchanged" }, { state: "invalid_value" }],
    [{ timeoutMs: 60_001 }, { timeoutMs: "too_big" }],
    [{ timeoutMs: -1 }, { timeoutMs: "too_small" }],
    [{ timeoutMs: 1.5 }, { timeoutMs: "invalid_type" }],
    [{ forever: true }, { forever: "unknown_field" }],
  ])("%j is refused", async (input, fields) => {
    const { both, ...rest } = input as Record<string, unknown>;
    const ids = Object.keys(input).length === 0 ? {} : both ? { applicationId, changeId } : { changeId };
    const refused = await acme.call("sync.wait", { ...ids, ...rest });
    expect([refused.status, refused.error?.data.reason]).toEqual([400, "invalid_input"]);
    expect(refused.error?.data.fields ?? {}).toMatchObject(fields);
  });

  test("another organization's application and change are nowhere", async () => {
    const beta = await world.organization();
    for (const input of [{ applicationId }, { changeId }, { changeId: "chg_nowhere" }]) {
      const refused = await beta.call("sync.wait", input);
      expect([refused.status, refused.error?.data.reason]).toEqual([404, "not_found"]);
    }
  });

  test("a viewer may wait", async () => {
    const viewer = world.callAs(await acme.key("viewer"));
    expect((await viewer<Waited>("sync.wait", { changeId, timeoutMs: 0 })).data.reason).toBe("timeout");
  });
});

test("whoever goes away is not waited for any more", async () => {
  const gone = new AbortController();
  const waiting = world.handler(
    new Request("http://127.0.0.1/api/trpc/sync.wait", {
      method: "POST",
      headers: { "x-api-key": await acme.key("viewer") },
      body: JSON.stringify({ changeId, timeoutMs: 60_000 }),
      signal: gone.signal,
    }),
    { ip: null },
  );
  expect(await isOpen(waiting)).toBe(true);
  gone.abort();
  expect((await waiting).status).toBeGreaterThan(0);
});

test("while 40 wait nothing is held: other requests go on, and no transaction is open", async () => {
  const other = world.callAs(await acme.key("viewer"));
  const waiting = Array.from({ length: 40 }, async (_, at) => {
    const [call, what] = [at < 20 ? acme.call : other, at % 2 ? { changeId } : { applicationId }];
    return (await call<Waited>("sync.wait", { ...what, timeoutMs: 60_000 })).data;
  });
  for (let at = 0; at < 10; at++) {
    const began = performance.now();
    await given(acme).credential(applicationId, `user-${at}`);
    expect(performance.now() - began).toBeLessThan(2_000);
  }
  expect(await isOpen(Promise.all(waiting))).toBe(true);
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
