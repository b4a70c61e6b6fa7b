import { afterEach, beforeEach, expect, it } from "vitest";
import { findDelivery, recordApplied } from "../../../src/delivery/planner/record-delivery";
import { openSyncWorld, type SyncWorld } from "../sync-world";

let sync: SyncWorld;

beforeEach(async () => {
  sync = await openSyncWorld();
  await sync.world.db.asOwner("update gateways set lease_term = 3, lease_holder = 'b' where gateway_id = $1", [
    sync.gatewayId,
  ]);
});
afterEach(() => sync.close());

it("a delivery is known only by its number, epoch and digest together, at its own gateway (DK-3)", async () => {
  await sync.world.db.asOwner(
    "insert into deliveries (gateway_id, revision, term, epoch, digest, created_at) values ($1, 3, 1, 'e1', 'd', now())",
    [sync.gatewayId],
  );
  const { database } = sync.world.runtime;
  const named = { revision: 3, epoch: "e1", digest: "d" };
  expect(await findDelivery(database, sync.gatewayId, named)).toBe(true);
  for (const other of [{ revision: 4 }, { epoch: "e2" }, { digest: "x" }]) {
    expect(await findDelivery(database, sync.gatewayId, { ...named, ...other }), JSON.stringify(other)).toBe(false);
  }
  expect(await findDelivery(database, "gtw_other", named)).toBe(false);
});

it("the recorded proof of a delivery does not carry over to the next one (DK-3)", async () => {
  await sync.world.db.asOwner(
    `insert into application_states (gateway_id, application_id, organization_id, revision, tag, intended, form,
       diagnostics, probes, delivered_at, proven_revision, unproven)
     values ($1, 'app_1', 'org_1', 5, 't', 'protected', 'stated', '[]', '[]', now(), 4, 'passed')`,
    [sync.gatewayId],
  );
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
  expect(await sync.state("app_1")).toMatchObject({ revision: 6, tag: "t2", proven_revision: 4, unproven: null });
});
