import { afterEach, beforeEach, expect, it } from "vitest";
import { changes } from "#drizzle/changes";
import { gateways } from "#drizzle/gateways";
import { claims } from "#drizzle/routes";
import { applicationStates, deliveries } from "#drizzle/sync";
import { sweep } from "#src/delivery/leader/sweeper";
import { claimRows } from "#tests/support/rows/applications";
import { applicationStateRows, changeRows, deliveryRows } from "#tests/support/rows/delivery";
import { readRows, updateRows } from "#tests/support/rows/table";
import { openWorld, type World } from "#tests/support/world";

let world: World;

beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const now = new Date("2026-05-31T12:00:00Z");
const old = new Date("2026-05-01T11:00:00Z");
const recent = new Date("2026-05-02T11:00:00Z");
const sweepNow = () =>
  sweep({ database: world.runtime.database, clock: { now: () => now } }, new AbortController().signal);
const change = (changeId: string, deliveredAt: Date | null) =>
  changeRows.insert(world.db.owner, {
    changeId,
    organizationId: "org_1",
    gatewayId: world.gatewayId,
    applicationId: "app_1",
    createdAt: old,
    deliveredIn: deliveredAt === null ? null : 1,
    deliveredAt,
  });
const delivery = (revision: number, createdAt: Date) =>
  deliveryRows.insert(world.db.owner, { gatewayId: world.gatewayId, revision, createdAt, appliedAt: createdAt });
const state = (applicationId: string, removed: boolean, provenRevision: number, deliveredAt: Date) =>
  applicationStateRows.insert(world.db.owner, {
    gatewayId: world.gatewayId,
    applicationId,
    organizationId: "org_1",
    revision: 5,
    intended: "closed",
    removed,
    deliveredAt,
    provenRevision,
  });
const changesLeft = async () =>
  (await readRows(world.db.owner, changes, {}, ["changeId"])).map(({ changeId }) => changeId).sort();
const claimsLeft = async () => (await readRows(world.db.owner, claims, {}, ["value"])).map(({ value }) => value).sort();

it("an outbox row is removed 30 days after its delivery, and never before it is delivered", async () => {
  await change("chg_old", old);
  await change("chg_recent", recent);
  await change("chg_pending", null);
  await sweepNow();
  expect(await changesLeft()).toEqual(["chg_pending", "chg_recent"]);
});

it("all old rows are removed, even if they exceed one transaction", async () => {
  const delivered = { gatewayId: world.gatewayId, createdAt: old, deliveredIn: 1, deliveredAt: old };
  await changeRows.insertAll(
    world.db.owner,
    Array.from({ length: 2500 }, () => ({ organizationId: "org_1", ...delivered })),
  );
  await sweepNow();
  expect(await changesLeft()).toEqual([]);
});

it("a delivery is kept while the gateway may serve it, or has not loaded it yet", async () => {
  for (const revision of [1, 2, 3]) await delivery(revision, old);
  await delivery(4, recent);
  await updateRows(world.db.owner, gateways, {}, { loadedRevision: 2, revision: 4 });
  await sweepNow();
  const left = await readRows(world.db.owner, deliveries, {}, ["revision"]);
  expect(left.map(({ revision }) => revision)).toEqual([2, 3, 4]);
});

it("a deleted application's state is removed after 30 days, but never before it was seen gone", async () => {
  await state("app_gone", true, 5, old);
  await state("app_gone_unseen", true, 4, old);
  await state("app_gone_recently", true, 5, recent);
  await state("app_there", false, 5, old);
  await sweepNow();
  const left = await readRows(world.db.owner, applicationStates, {}, ["applicationId"]);
  expect(left.map(({ applicationId }) => applicationId)).toEqual(["app_gone_recently", "app_gone_unseen", "app_there"]);
});

const claim = (
  value: string,
  endsAt: Date | null,
  more: { organizationId?: string; kind?: "host" | "upstream"; denyGroup?: number | null } = {},
) =>
  claimRows.insert(world.db.owner, {
    organizationId: "org_gone",
    gatewayId: world.gatewayId,
    kind: "host",
    value,
    parent: "example",
    denyGroup: 0,
    endsAt,
    createdAt: old,
    ...more,
  });
/** The requested deliveries of deny files. */
const asked = async () =>
  (await readRows(world.db.owner, changes, {}, ["organizationId", "denyGroup", "applicationId", "gatewayId"])).sort(
    (one, other) => (one.denyGroup ?? -1) - (other.denyGroup ?? -1),
  );

it("claims end when they are due, and each deny file that named one is requested once", async () => {
  const past = new Date("2026-05-31T11:59:59Z");
  for (const host of ["a.example", "b.example"]) await claim(host, past);
  await claim("c.example", past, { denyGroup: 1 });
  await claim("10.0.0.1:80", past, { kind: "upstream", denyGroup: null });
  await claim("soon.example", new Date("2026-05-31T12:00:01Z"));
  await claim("kept.example", null);
  await sweepNow();
  expect(await claimsLeft()).toEqual(["kept.example", "soon.example"]);
  const row = { organizationId: "org_gone", applicationId: null, gatewayId: world.gatewayId };
  expect(await asked()).toEqual([
    { ...row, denyGroup: 0 },
    { ...row, denyGroup: 1 },
  ]);
});

it("no claim ends while its organization exists", async () => {
  const { organizationId } = await world.organization();
  await claim("there.example", old, { organizationId });
  await sweepNow();
  expect(await claimsLeft()).toEqual(["there.example"]);
  expect(await asked()).toEqual([]);
});

it("all due claims end, even if they exceed one transaction", async () => {
  const ending = { organizationId: "org_gone", gatewayId: world.gatewayId, endsAt: old, createdAt: old };
  await claimRows.insertAll(
    world.db.owner,
    Array.from({ length: 250 }, (_, at) => ({
      ...ending,
      kind: "host" as const,
      value: `${at}.example`,
      parent: "example",
      denyGroup: Math.floor(at / 100),
    })),
  );
  await sweepNow();
  expect(await claimsLeft()).toEqual([]);
  const groups = new Set((await asked()).map(({ denyGroup }) => denyGroup));
  expect([...groups].sort()).toEqual([0, 1, 2]);
});
