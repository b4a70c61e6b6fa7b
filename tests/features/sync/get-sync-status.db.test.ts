import { afterEach, beforeEach, expect, test } from "vitest";
import { insertPlace } from "../../support/place";
import { type GivenOrganization, given, insertGateway, openWorld, type World } from "../../support/world";
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
let founders: GivenOrganization;
let acme: GivenOrganization;
let beta: GivenOrganization;
const foreign = [{ path: "other.yml", problem: "routes_managed_host", detail: "secret-of-beta.example" }];

beforeEach(async () => {
  world = await openWorld();
  founders = await world.organization({ root: true });
  [acme, beta] = [await world.organization(), await world.organization()];
  await world.db.asOwner(`update gateways set foreign_files = $2::text::jsonb where gateway_id = $1`, [
    world.gatewayId,
    JSON.stringify(foreign),
  ]);
});
afterEach(() => world.close());

const statusFor = async (organization: GivenOrganization, input = {}) => {
  const answer = await organization.call<Status>("sync.status", input);
  expect(answer.status, answer.text).toBe(200);
  return { text: answer.text, gateways: answer.data.gateways };
};
const only = async (organization: GivenOrganization, input = {}) => {
  const { gateways } = await statusFor(organization, input);
  return gateways.find(({ gatewayId }) => gatewayId === world.gatewayId);
};
async function application(organization: GivenOrganization) {
  const { environmentId } = await insertPlace(world, organization);
  const { applicationId } = await given(organization).application({ environmentId, access: "protected" });
  await given(organization).credential(applicationId);
  return applicationId;
}

test("an organization is told of its own applications and changes, never of another's; the root organization neither", async () => {
  const [mine, theirs] = [await application(acme), await application(beta)];
  const sync = deliveredBy(world, world.gatewayId);
  expect(await only(acme)).toMatchObject({ pending: 1, pendingSince: expect.any(String), unproven: [] });
  expect(await only(founders)).toMatchObject({ pending: 0, pendingSince: null, unproven: [] });
  await sync.deliver(3);
  await sync.state(acme.organizationId, mine, 3, { unproven: "not_ours" });
  await sync.state(beta.organizationId, theirs, 3);
  await given(beta).credential(theirs, "bob");
  expect(await only(acme)).toMatchObject({
    pending: 0,
    pendingSince: null,
    unproven: [{ applicationId: mine, reason: "not_ours" }],
  });
  expect(await only(beta)).toMatchObject({
    pending: 1,
    unproven: [{ applicationId: theirs, reason: "not_loaded" }],
  });
  expect(await only(founders)).toMatchObject({ pending: 0, unproven: [] });
  for (const organization of [acme, founders]) expect((await statusFor(organization)).text).not.toContain(theirs);
  await sync.load(3);
  expect((await only(beta))?.unproven).toEqual([{ applicationId: theirs, reason: "not_proven" }]);
  await sync.state(beta.organizationId, theirs, 3, { proven: 3 });
  expect((await only(beta))?.unproven).toEqual([]);
});

test("what else lies in a gateway's folder is told to the root organization only", async () => {
  expect((await only(founders))?.foreignFiles).toEqual(foreign);
  for (const organization of [acme, beta]) {
    const { text, gateways } = await statusFor(organization);
    expect(gateways[0]).not.toHaveProperty("foreignFiles");
    expect(text).not.toContain("secret-of-beta");
  }
});

test("the root organization sees every gateway, another one those that it is allowed on", async () => {
  const elsewhere = await insertGateway(world.db, world.runtime);
  const ids = async (organization: GivenOrganization, input = {}) =>
    (await statusFor(organization, input)).gateways.map(({ gatewayId }) => gatewayId);
  expect(await ids(founders)).toEqual([world.gatewayId, elsewhere].sort());
  expect(await ids(founders, { gatewayId: elsewhere })).toEqual([elsewhere]);
  expect(await ids(acme)).toEqual([world.gatewayId]);
  expect((await acme.call("sync.status", { gatewayId: elsewhere })).status).toBe(404);
});

test("a failed delivery, a lease and a comparison are shown, and nothing that is the gateway's secret", async () => {
  await world.db.asOwner(
    `update gateways set cause = 'The disk is full.', cause_since = '2026-05-01T11:00:00Z', lease_until = now() + interval '1 minute',
       lease_holder = 'host-of-the-process', nonce = 'nonce-of-the-folder', revision = 12, loaded_revision = 11, compared_at = '2026-05-01T11:55:00Z'
     where gateway_id = $1`,
    [world.gatewayId],
  );
  expect(await only(founders)).toMatchObject({
    cause: "The disk is full.",
    causeSince: "2026-05-01T11:00:00.000Z",
    comparedAt: "2026-05-01T11:55:00.000Z",
    led: true,
    revision: 12,
    loadedRevision: 11,
  });
  for (const organization of [acme, founders]) {
    const { text } = await statusFor(organization);
    for (const secret of ["nonce", "host-of-the-process", "sealed", "v1."]) expect(text).not.toContain(secret);
  }
});

test("an organization sees the number of its own last delivery: another's deliveries change nothing that it sees", async () => {
  const mine = await application(acme);
  const sync = deliveredBy(world, world.gatewayId);
  const loaded = async (revision: number) => {
    await sync.deliver(revision);
    await sync.load(revision);
    await world.db.asOwner("update gateways set revision = $2, loaded_at = now() where gateway_id = $1", [
      world.gatewayId,
      revision,
    ]);
  };
  await loaded(3);
  await sync.state(acme.organizationId, mine, 3, { proven: 3 });
  const before = await only(acme);
  expect(before).toMatchObject({ revision: 3, loadedRevision: 3, loadedAt: expect.any(String) });
  const theirs = await application(beta);
  await loaded(7);
  await sync.state(beta.organizationId, theirs, 7, { proven: 7 });
  expect(await only(acme)).toEqual({ ...before, loadedAt: null });
  expect(await only(beta)).toMatchObject({ revision: 7, loadedRevision: 7 });
  expect(await only(founders)).toMatchObject({ revision: 7, loadedRevision: 7 });
});

test("whether a gateway is led is told by the database's clock, whatever this process's own says", async () => {
  const lease = (until: string) =>
    world.db.asOwner(`update gateways set lease_until = ${until} where gateway_id = $1`, [world.gatewayId]);
  const hour = 3_600_000;
  for (const wrongBy of [-24 * hour, 0, 24 * hour]) {
    world.now = new Date(Date.now() + wrongBy);
    const ledWhen = async (until: string) => {
      await lease(until);
      return (await only(acme))?.led;
    };
    expect(await ledWhen("now() + interval '1 minute'"), String(wrongBy)).toBe(true);
    expect(await ledWhen("now() - interval '1 second'"), String(wrongBy)).toBe(false);
    expect(await ledWhen("null"), String(wrongBy)).toBe(false);
  }
  world.now = null;
});
