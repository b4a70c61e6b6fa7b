import { type SQL, sql } from "drizzle-orm";
import { afterEach, beforeEach, expect, test } from "vitest";
import { gateways as gatewaysTable } from "#drizzle/gateways";
import { insertEnvironment } from "#tests/support/environment";
import { updateRows } from "#tests/support/rows/table";
import { type GivenOrganization, given, insertGateway, openWorld, type World } from "#tests/support/world";
import { deliveredBy } from "./delivered";

interface Status {
  readonly gateways: {
    gatewayId: string;
    led: boolean;
    cause: string | null;
    revision: number;
    loadedRevision: number;
    pending: number;
    pendingSince: string | null;
    comparedAt: string | null;
    foreignFiles?: unknown[];
    unproven: { applicationId: string; reason: string }[];
  }[];
}

let world: World;
let root: GivenOrganization;
let acme: GivenOrganization;
let beta: GivenOrganization;
const foreign = [{ path: "other.yml", problem: "routes_managed_host", detail: "secret-of-beta.example" }] as const;

beforeEach(async () => {
  world = await openWorld();
  root = await world.organization({ root: true });
  [acme, beta] = [await world.organization(), await world.organization()];
  await updateRows(world.db.owner, gatewaysTable, { gatewayId: world.gatewayId }, { foreignFiles: foreign });
});
afterEach(() => world.close());

const statusFor = async (organization: GivenOrganization, input = {}) => {
  const answer = await organization.call<Status>("sync.status", input);
  expect(answer.status, answer.text).toBe(200);
  return { text: answer.text, gateways: answer.data.gateways };
};
const gatewayStatus = async (organization: GivenOrganization, input = {}) => {
  const { gateways } = await statusFor(organization, input);
  return gateways.find(({ gatewayId }) => gatewayId === world.gatewayId);
};
async function application(organization: GivenOrganization) {
  const { environmentId } = await insertEnvironment(world, organization);
  const { applicationId } = await given(organization).application({ environmentId, access: "protected" });
  await given(organization).credential(applicationId);
  return applicationId;
}

test("sync.status shows every organization, even the root organization, only its own applications and changes", async () => {
  const [acmeApplication, betaApplication] = [await application(acme), await application(beta)];
  const sync = deliveredBy(world, world.gatewayId);
  expect(await gatewayStatus(acme)).toMatchObject({ pending: 1, pendingSince: expect.any(String), unproven: [] });
  expect(await gatewayStatus(root)).toMatchObject({ pending: 0, pendingSince: null, unproven: [] });
  await sync.deliver(3);
  await sync.state(acme.organizationId, acmeApplication, 3, { unproven: "not_our_router" });
  await sync.state(beta.organizationId, betaApplication, 3);
  await given(beta).credential(betaApplication, "bob");
  expect(await gatewayStatus(acme)).toMatchObject({
    pending: 0,
    pendingSince: null,
    unproven: [{ applicationId: acmeApplication, reason: "not_our_router" }],
  });
  expect(await gatewayStatus(beta)).toMatchObject({
    pending: 1,
    unproven: [{ applicationId: betaApplication, reason: "not_loaded" }],
  });
  expect(await gatewayStatus(root)).toMatchObject({ pending: 0, unproven: [] });
  for (const organization of [acme, root]) expect((await statusFor(organization)).text).not.toContain(betaApplication);
  await sync.load(3);
  expect((await gatewayStatus(beta))?.unproven).toEqual([{ applicationId: betaApplication, reason: "not_proven" }]);
  await sync.state(beta.organizationId, betaApplication, 3, { proven: 3 });
  expect((await gatewayStatus(beta))?.unproven).toEqual([]);
});

test("sync.status shows foreign files in a gateway's folder to the root organization only", async () => {
  expect((await gatewayStatus(root))?.foreignFiles).toEqual(foreign);
  for (const organization of [acme, beta]) {
    const { text, gateways } = await statusFor(organization);
    expect(gateways[0]).not.toHaveProperty("foreignFiles");
    expect(text).not.toContain("secret-of-beta");
  }
});

test("sync.status shows all gateways to the root organization, and to others the gateways they are allowed on", async () => {
  const otherGateway = await insertGateway(world.db, world.runtime);
  const ids = async (organization: GivenOrganization, input = {}) =>
    (await statusFor(organization, input)).gateways.map(({ gatewayId }) => gatewayId);
  expect(await ids(root)).toEqual([world.gatewayId, otherGateway].sort());
  expect(await ids(root, { gatewayId: otherGateway })).toEqual([otherGateway]);
  expect(await ids(acme)).toEqual([world.gatewayId]);
  expect((await acme.call("sync.status", { gatewayId: otherGateway })).status).toBe(404);
});

test("sync.status shows a failed delivery, a lease and a comparison, but no secret of the gateway", async () => {
  await updateRows(
    world.db.owner,
    gatewaysTable,
    { gatewayId: world.gatewayId },
    {
      cause: "disk_full",
      causeSince: new Date("2026-05-01T11:00:00Z"),
      leaseUntil: new Date(Date.now() + 60_000),
      leaseHolder: "host-of-the-process",
      nonce: "nonce-of-the-folder",
      revision: 12,
      loadedRevision: 11,
      comparedAt: new Date("2026-05-01T11:55:00Z"),
    },
  );
  expect(await gatewayStatus(root)).toMatchObject({
    cause: "disk_full",
    causeSince: "2026-05-01T11:00:00.000Z",
    comparedAt: "2026-05-01T11:55:00.000Z",
    led: true,
    revision: 12,
    loadedRevision: 11,
  });
  for (const organization of [acme, root]) {
    const { text } = await statusFor(organization);
    for (const secret of ["nonce", "host-of-the-process", "sealed", "v1."]) expect(text).not.toContain(secret);
  }
});

test("sync.status returns words that another version stored as unrecognized", async () => {
  const applicationId = await application(acme);
  const sync = deliveredBy(world, world.gatewayId);
  await sync.storeForeignCause("The disk is full.");
  await sync.deliver(3);
  await sync.state(acme.organizationId, applicationId, 3);
  await sync.storeForeignReason(applicationId, "a word of a later version");
  expect(await gatewayStatus(acme)).toMatchObject({
    cause: "unrecognized",
    unproven: [{ applicationId, reason: "unrecognized" }],
  });
  const one = await acme.call("applications.one", { applicationId });
  expect(one.data.exposure).toMatchObject({ state: "unknown", provedAt: null, reason: "unrecognized" });
});

test("an organization sees the revision of its own last delivery, unaffected by deliveries of others", async () => {
  const acmeApplication = await application(acme);
  const sync = deliveredBy(world, world.gatewayId);
  const loaded = async (revision: number) => {
    await sync.deliver(revision);
    await sync.load(revision);
    await updateRows(world.db.owner, gatewaysTable, { gatewayId: world.gatewayId }, { revision, loadedAt: new Date() });
  };
  await loaded(3);
  await sync.state(acme.organizationId, acmeApplication, 3, { proven: 3 });
  const before = await gatewayStatus(acme);
  expect(before).toMatchObject({ revision: 3, loadedRevision: 3, loadedAt: expect.any(String) });
  const betaApplication = await application(beta);
  await loaded(7);
  await sync.state(beta.organizationId, betaApplication, 7, { proven: 7 });
  expect(await gatewayStatus(acme)).toEqual({ ...before, loadedAt: null });
  expect(await gatewayStatus(beta)).toMatchObject({ revision: 7, loadedRevision: 7 });
  expect(await gatewayStatus(root)).toMatchObject({ revision: 7, loadedRevision: 7 });
});

test("whether a gateway has a leader depends on the database's clock, not on the clock of the process", async () => {
  const { gatewayId } = world;
  const hour = 3_600_000;
  for (const offset of [-24 * hour, 0, 24 * hour]) {
    world.now = new Date(Date.now() + offset);
    const isLedUntil = async (leaseUntil: SQL | null) => {
      await updateRows(world.db.owner, gatewaysTable, { gatewayId }, { leaseUntil });
      return (await gatewayStatus(acme))?.led;
    };
    expect(await isLedUntil(sql`now() + interval '1 minute'`), String(offset)).toBe(true);
    expect(await isLedUntil(sql`now() - interval '1 second'`), String(offset)).toBe(false);
    expect(await isLedUntil(null), String(offset)).toBe(false);
  }
  world.now = null;
});
