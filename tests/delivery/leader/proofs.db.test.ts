import { afterEach, beforeEach, expect, it } from "vitest";
import { gateways } from "#drizzle/gateways";
import { applicationStates } from "#drizzle/sync";
import { asSync, LeaseLost } from "#src/database/as-sync";
import { alarmStep } from "#src/delivery/leader/alarm";
import { findDenyGroup, recordProofs } from "#src/delivery/leader/proofs";
import type { UnprovenReason } from "#src/platform/contract/sync-state";
import { applicationStateRows } from "#tests/support/rows/delivery";
import { readRows, updateRows } from "#tests/support/rows/table";
import { openSyncWorld, type SyncWorld } from "../sync-world";

let sync: SyncWorld;

beforeEach(async () => {
  sync = await openSyncWorld();
  await updateRows(sync.world.db.owner, gateways, { gatewayId: sync.gatewayId }, { leaseTerm: 3, leaseHolder: "b" });
  await applicationStateRows.insert(sync.world.db.owner, {
    gatewayId: sync.gatewayId,
    applicationId: "app_1",
    organizationId: "org_1",
    revision: 5,
    provenRevision: 4,
  });
});
afterEach(() => sync.close());

const record = (term: number, leaderId: string, revision: number, why: UnprovenReason | null = null) =>
  recordProofs(
    sync.world.runtime.database,
    { gatewayId: sync.gatewayId, term, leaderId },
    [{ applicationId: "app_1", revision, why, proof: [], alarm: alarmStep({ why, proof: [] }) }],
    new Date(),
  ).then(({ applicationIds }) => [...applicationIds]);
const proven = async () => (await sync.state("app_1"))?.provenRevision;

it("a result for an older delivery proves nothing about the newer one (DK-3)", async () => {
  expect(await record(3, "b", 4)).toEqual([]);
  expect(await proven()).toBe(4);
  expect(await record(3, "b", 5)).toEqual(["app_1"]);
  expect(await proven()).toBe(5);
});

it("a place that was seen gone is not probed again, because another tenant may use it (DK-20)", async () => {
  const probe = (expected: "stopped" | "gone") => ({
    routeId: "rte_1",
    host: "wiki.localhost",
    path: `/${expected}`,
    expect: expected,
  });
  const [here, gone] = [probe("stopped"), probe("gone")];
  await updateRows(sync.world.db.owner, applicationStates, {}, { probes: [here, gone] });
  const probes = async () => (await readRows(sync.world.db.owner, applicationStates, {}, ["probes"]))[0]?.probes;
  await record(3, "b", 5, "still_there");
  expect(await probes()).toEqual([here, gone]);
  await record(3, "b", 5);
  expect(await probes()).toEqual([here]);
});

it("a leader that was replaced cannot record proofs (DK-3)", async () => {
  await expect(record(2, "b", 5)).rejects.toThrow(LeaseLost);
  await expect(record(3, "a", 5)).rejects.toThrow(LeaseLost);
  expect(await proven()).toBe(4);
});

it("a host is denied by its own claim, or by the claim of the wildcard above it (DK-20)", async () => {
  await sync.given.application({
    access: "protected",
    route: { host: "*.apps.localhost", upstreams: [{ url: "http://127.0.0.1:9000" }] },
  });
  const { organizationId } = sync.organization;
  const group = (host: string) => asSync(sync.world.runtime.database, (tx) => findDenyGroup(tx, sync.gatewayId, host));
  expect(await group("*.apps.localhost")).toMatchObject({ organizationId });
  expect(await group("wiki.apps.localhost")).toMatchObject({ organizationId });
  expect(await group("a.wiki.apps.localhost")).toBeNull();
  expect(await group("apps.localhost")).toBeNull();
});
