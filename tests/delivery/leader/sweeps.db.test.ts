import { afterEach, beforeEach, expect, it } from "vitest";
import { sweep } from "../../../src/delivery/leader/sweeper";
import { openWorld, type World } from "../../support/world";

let world: World;

beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const now = new Date("2026-05-31T12:00:00Z");
const old = "2026-05-01T11:00:00Z";
const recent = "2026-05-02T11:00:00Z";
const sweepNow = () =>
  sweep({ database: world.runtime.database, clock: { now: () => now } }, new AbortController().signal);
const run = (statement: string, ...values: unknown[]) => world.db.asOwner(statement, values);

const change = (changeId: string, deliveredAt: string | null) =>
  run(
    `insert into changes (change_id, organization_id, gateway_id, application_id, closes, created_at, delivered_in, delivered_at)
     values ($1, 'org_1', $2, 'app_1', true, $3, $4, $5)`,
    changeId,
    world.gatewayId,
    old,
    deliveredAt === null ? null : 1,
    deliveredAt,
  );
const delivery = (revision: number, createdAt: string) =>
  run(
    `insert into deliveries (gateway_id, revision, term, epoch, digest, created_at, applied_at)
     values ($1, $2, 1, 'e0', 'd', $3, $3)`,
    world.gatewayId,
    revision,
    createdAt,
  );
const state = (applicationId: string, removed: boolean, provenRevision: number, deliveredAt: string) =>
  run(
    `insert into application_states (gateway_id, application_id, organization_id, revision, tag, intended, form,
       diagnostics, probes, removed, delivered_at, proven_revision)
     values ($1, $2, 'org_1', 5, '', 'closed', 'stated', '[]', '[]', $3, $4, $5)`,
    world.gatewayId,
    applicationId,
    removed,
    deliveredAt,
    provenRevision,
  );
const left = async (table: string, column: string) =>
  (await world.db.asOwner<{ value: unknown }>(`select ${column} as value from ${table} order by 1`)).map(
    ({ value }) => value,
  );

it("an outbox row is removed 30 days after its delivery, and never before it is delivered", async () => {
  await change("chg_old", old);
  await change("chg_recent", recent);
  await change("chg_pending", null);
  await sweepNow();
  expect(await left("changes", "change_id")).toEqual(["chg_pending", "chg_recent"]);
});

it("all old rows are removed, even if they exceed one transaction", async () => {
  await run(
    `insert into changes (change_id, organization_id, gateway_id, closes, created_at, delivered_in, delivered_at)
     select 'chg_' || n, 'org_1', $1, true, $2::timestamptz, 1, $2::timestamptz from generate_series(1, 2500) n`,
    world.gatewayId,
    old,
  );
  await sweepNow();
  expect(await left("changes", "change_id")).toEqual([]);
});

it("a delivery is kept while the gateway may serve it, or has not loaded it yet", async () => {
  for (const revision of [1, 2, 3]) await delivery(revision, old);
  await delivery(4, recent);
  await run("update gateways set loaded_revision = 2, revision = 4");
  await sweepNow();
  expect(await left("deliveries", "revision")).toEqual([2, 3, 4]);
});

it("a deleted application's state is removed after 30 days, but never before it was seen gone", async () => {
  await state("app_gone", true, 5, old);
  await state("app_gone_unseen", true, 4, old);
  await state("app_gone_recently", true, 5, recent);
  await state("app_there", false, 5, old);
  await sweepNow();
  expect(await left("application_states", "application_id")).toEqual([
    "app_gone_recently",
    "app_gone_unseen",
    "app_there",
  ]);
});

const claim = (
  value: string,
  endsAt: string | null,
  more: { organizationId?: string; denyGroup?: number | null } = {},
) =>
  run(
    `insert into claims (claim_id, organization_id, gateway_id, kind, value, parent, deny_group, ends_at, created_at)
     values ($1, $2, $3, $4, $1, 'example', $5, $6, $7)`,
    value,
    more.organizationId ?? "org_gone",
    world.gatewayId,
    more.denyGroup === null ? "upstream" : "host",
    more.denyGroup === undefined ? 0 : more.denyGroup,
    endsAt,
    old,
  );
const asked = () =>
  run(
    `select organization_id, deny_group, application_id, gateway_id from changes order by organization_id, deny_group`,
  );

it("claims end when they are due, and each deny file that named one is requested once", async () => {
  const past = "2026-05-31T11:59:59Z";
  for (const host of ["a.example", "b.example"]) await claim(host, past);
  await claim("c.example", past, { denyGroup: 1 });
  await claim("10.0.0.1:80", past, { denyGroup: null });
  await claim("soon.example", "2026-05-31T12:00:01Z");
  await claim("kept.example", null);
  await sweepNow();
  expect(await left("claims", "value")).toEqual(["kept.example", "soon.example"]);
  const row = { organization_id: "org_gone", application_id: null, gateway_id: world.gatewayId };
  expect(await asked()).toEqual([
    { ...row, deny_group: 0 },
    { ...row, deny_group: 1 },
  ]);
});

it("no claim ends while its organization exists", async () => {
  const { organizationId } = await world.organization();
  await claim("there.example", old, { organizationId });
  await sweepNow();
  expect(await left("claims", "value")).toEqual(["there.example"]);
  expect(await asked()).toEqual([]);
});

it("all due claims end, even if they exceed one transaction", async () => {
  await run(
    `insert into claims (claim_id, organization_id, gateway_id, kind, value, parent, deny_group, ends_at, created_at)
     select 'clm_' || n, 'org_gone', $1, 'host', n || '.example', 'example', n / 100, $2::timestamptz, $2::timestamptz
     from generate_series(0, 249) n`,
    world.gatewayId,
    old,
  );
  await sweepNow();
  expect(await left("claims", "value")).toEqual([]);
  const groups = new Set((await asked()).map(({ deny_group }) => deny_group));
  expect([...groups].sort()).toEqual([0, 1, 2]);
});
