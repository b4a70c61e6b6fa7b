import { afterEach, beforeEach, expect, it } from "vitest";
import { gateways } from "#drizzle/gateways";
import { findDelivery, recordApplied } from "#src/delivery/planner/record-delivery";
import { applicationStateRows, deliveryRows } from "#tests/support/rows/delivery";
import { updateRows } from "#tests/support/rows/table";
import { openSyncWorld, type SyncWorld } from "../sync-world";

let sync: SyncWorld;

beforeEach(async () => {
  sync = await openSyncWorld();
  await updateRows(sync.world.db.owner, gateways, { gatewayId: sync.gatewayId }, { leaseTerm: 3, leaseHolder: "b" });
});
afterEach(() => sync.close());

it("a delivery is known only by its number, epoch and digest together, at its own gateway (DK-3)", async () => {
  await deliveryRows.insert(sync.world.db.owner, { gatewayId: sync.gatewayId, revision: 3, epoch: "e1" });
  const { database } = sync.world.runtime;
  const named = { revision: 3, epoch: "e1", digest: "d" };
  expect(await findDelivery(database, sync.gatewayId, named)).toBe(true);
  for (const other of [{ revision: 4 }, { epoch: "e2" }, { digest: "x" }]) {
    expect(await findDelivery(database, sync.gatewayId, { ...named, ...other }), JSON.stringify(other)).toBe(false);
  }
  expect(await findDelivery(database, "gtw_other", named)).toBe(false);
});

it("the recorded proof of a delivery does not carry over to the next one (DK-3)", async () => {
  await applicationStateRows.insert(sync.world.db.owner, {
    gatewayId: sync.gatewayId,
    applicationId: "app_1",
    organizationId: "org_1",
    revision: 5,
    provenRevision: 4,
    unproven: "passed",
  });
  const state = {
    applicationId: "app_1",
    organizationId: "org_1",
    digest: "d",
    tag: "t2",
    intended: "protected" as const,
    form: "stated" as const,
    diagnostics: [],
    probes: [],
    lastGood: null,
    removed: false,
  };
  await recordApplied(
    sync.world.runtime.database,
    { gatewayId: sync.gatewayId, term: 3, leaderId: "b" },
    { revision: 6, epoch: "e0", digest: "d" },
    { rows: [], states: [state], now: new Date(), first: true },
  );
  expect(await sync.state("app_1")).toMatchObject({ revision: 6, tag: "t2", provenRevision: 4, unproven: null });
});
