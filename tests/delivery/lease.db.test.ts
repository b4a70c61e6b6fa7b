import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, it } from "vitest";
import { gateways } from "#drizzle/gateways";
import { makeSealer } from "#src/database/sealing";
import { updateRows } from "../support/rows/table";
import { openSyncWorld, type SyncWorld, until } from "./sync-world";

let sync: SyncWorld;

beforeEach(async () => {
  sync = await openSyncWorld();
});
afterEach(() => sync.close());

const clockOff = (ms: number) => ({ now: () => new Date(Date.now() + ms) });
const hour = 3_600_000;

it("a leader whose clock is an hour ahead leaves no lease that runs for an hour", async () => {
  const timing = { leaseMs: 400, candidateMs: 20 };
  const first = sync.reconciler({ alone: false, clock: clockOff(hour), timing });
  first.start();
  expect(await first.ready).toMatchObject({ leads: true });
  // This is like a killed process: its lease remains, and no process renews it.
  const { gatewayId } = sync;
  const { leaseTerm } = await sync.gateway();
  await updateRows(sync.world.db.owner, gateways, { gatewayId }, { leaseHolder: "gone", leaseTerm: leaseTerm + 1 });
  const second = sync.reconciler({ alone: false, timing });
  second.start();
  await until(
    () => second.status().leads === true || first.status().leads === true,
    (led) => led,
  );
  const { leaseUntil } = await sync.gateway();
  expect(leaseUntil?.getTime()).toBeLessThan(Date.now() + 60_000);
});

it("a process whose clock is an hour ahead does not take a running lease", async () => {
  const timing = { leaseMs: 60_000, candidateMs: 20 };
  const first = sync.reconciler({ alone: false, timing });
  first.start();
  expect(await first.ready).toMatchObject({ leads: true });
  const second = sync.reconciler({ alone: false, clock: clockOff(hour), timing });
  second.start();
  expect(await second.ready).toEqual({ leads: false, why: null });
  expect(await sync.gateway()).toMatchObject({ leaseTerm: 1 });
});

it("a process that cannot decrypt a gateway's secrets reports it, and leaves the gateway to a process that can", async () => {
  const timing = { leaseMs: 60_000, candidateMs: 20 };
  const other = sync.reconciler({ alone: false, timing, sealer: makeSealer([randomBytes(32)]) });
  other.start();
  await other.ready;
  await until(
    () => sync.gateway(),
    ({ cause }) => cause === "cannot_lead",
  );
  await other.stop();
  const able = sync.reconciler({ alone: false, timing });
  able.start();
  expect(await able.ready).toMatchObject({ leads: true });
  await until(
    () => sync.gateway(),
    ({ cause }) => cause === null,
  );
});
