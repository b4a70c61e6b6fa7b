import { afterEach, beforeEach, expect, it } from "vitest";
import { auditEntries } from "#drizzle/audit";
import { changes } from "#drizzle/changes";
import { gateways } from "#drizzle/gateways";
import { asSync, LeaseLost } from "#src/database/as-sync";
import { closeAfterRestore } from "#src/delivery/leader/close-after-restore";
import { beginEpoch, renewLease, replaceNonce, takeLease } from "#src/delivery/leader/lease";
import { managedHosts } from "#src/delivery/planner/managed-hosts";
import { applicationStateRows } from "#tests/support/rows/delivery";
import { readRows, updateRows } from "#tests/support/rows/table";
import { openSyncWorld, type SyncWorld } from "../sync-world";

let sync: SyncWorld;

beforeEach(async () => {
  sync = await openSyncWorld();
});
afterEach(() => sync.close());

const now = new Date("2026-06-01T12:00:00Z");
const database = () => sync.world.runtime.database;
const routed = (host: string) =>
  sync.given.application({ access: "protected", route: { host, upstreams: [{ url: "http://127.0.0.1:9000" }] } });

it("adopting a folder ends the present leader's term and frees the lease at once (TM-53)", async () => {
  const { gatewayId } = sync;
  await updateRows(sync.world.db.owner, gateways, { gatewayId }, { nonce: "old" });
  const take = (leaseTerm: number, nonce: string) =>
    takeLease(database(), { gatewayId, leaseTerm, nonce }, { leaderId: "a", forMs: 60_000, force: false });
  const lease = await take(0, "old");
  if (lease === null) throw new Error("the lease was free");
  await renewLease(database(), lease, 60_000);
  await asSync(database(), (tx) => replaceNonce(tx, gatewayId, "new"));
  await expect(renewLease(database(), lease, 60_000)).rejects.toThrow(LeaseLost);
  const { leaseTerm: term } = await sync.gateway();
  expect(await take(term, "old")).toBeNull();
  expect(await take(term, "new")).toMatchObject({ term: term + 1 });
});

it("in a new epoch nothing is proven, no number is reused, and unknown files are recorded as own ones (TM-53, DK-3, DK-20)", async () => {
  const { gatewayId } = sync;
  await applicationStateRows.insert(sync.world.db.owner, {
    gatewayId,
    applicationId: "app_known",
    organizationId: "org_1",
    revision: 5,
    provenRevision: 5,
  });
  const begin = (epoch: string, atLeastRevision: number) =>
    asSync(database(), (tx) =>
      beginEpoch(tx, gatewayId, { epoch, atLeastRevision, adopted: ["app_known", "app_found"], now }),
    );
  await begin("e1", 40);
  expect(await sync.gateway()).toMatchObject({ epoch: "e1", revision: 40, loadedRevision: 0 });
  expect(await sync.state("app_known")).toMatchObject({ revision: 5, provenRevision: 0, unproven: "new_epoch" });
  expect(await sync.state("app_found")).toMatchObject({ revision: 0, intended: "closed", removed: false });
  await begin("e2", 7);
  expect(await sync.gateway()).toMatchObject({ epoch: "e2", revision: 40 });
});

it("what a restore closes is audited once, and delivered before changes that only open (DK-19, AUD)", async () => {
  const { applicationId } = await sync.given.application({ access: "public-when-empty" });
  const closed = () =>
    closeAfterRestore(database(), sync.gatewayId, { toEveryone: [applicationId], toVisitors: [] }, now);
  expect(await closed()).toEqual([applicationId]);
  expect(await closed()).toEqual([]);
  const rows = await readRows(sync.world.db.owner, changes, { applicationId, createdAt: now }, ["closes"]);
  expect(rows).toEqual([{ closes: true }]);
  const entries = await readRows(sync.world.db.owner, auditEntries, { objectId: applicationId, createdAt: now }, [
    "action",
  ]);
  expect(entries).toEqual([{ action: "applications.update.closed_by_restore" }]);
});

it("a foreign route overlaps a claim by its name, below a claimed wildcard, and above a claimed host (TM-53)", async () => {
  await routed("*.apps.localhost");
  await routed("wiki.team.localhost");
  const managed = (...hosts: string[]) => asSync(database(), (tx) => managedHosts(tx, sync.gatewayId, hosts));
  expect(await managed("wiki.team.localhost", "blog.team.localhost", "team.localhost")).toEqual([
    "wiki.team.localhost",
  ]);
  expect(await managed("any.apps.localhost", "a.any.apps.localhost", "apps.localhost")).toEqual(["any.apps.localhost"]);
  expect(await managed("*.team.localhost", "*.apps.localhost", "*.localhost")).toEqual([
    "*.team.localhost",
    "*.apps.localhost",
  ]);
});
