import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SealedPlace } from "../../../src/database/sealing";
import { gatewayPlaces } from "../../../src/delivery/planner/gateway-secrets";
import { ensureLocalGateway } from "../../../src/main/host/ensure-local-gateway";
import { newId } from "../../../src/platform/ids";
import { besideUncommitted, runsSideBySide } from "../../support/held-transaction";
import { insertPlace } from "../../support/place";
import { type GivenOrganization, given, openWorld, type World } from "../../support/world";

interface Gateway {
  readonly gatewayId: string;
  readonly name: string;
}

let world: World;
let founders: GivenOrganization;
let acme: GivenOrganization;
let names = 0;

beforeAll(async () => {
  world = await openWorld();
  founders = await world.organization({ root: true });
  acme = await world.organization();
});
afterAll(() => world.close());

const places = { address: "127.0.0.1:9000", probeAddress: "127.0.0.1:9001" };
const create = (input: Record<string, unknown> = {}) =>
  given(founders).ok<Gateway>("gateways.create", { name: `Gateway ${++names}`, ...places, ...input });
const allowedOn = async (gatewayId: string) =>
  (
    await world.db.asOwner<{ id: string }>(
      `select organization_id as id from organization_gateways where gateway_id = $1 order by 1`,
      [gatewayId],
    )
  ).map(({ id }) => id);
const reasonOf = (answer: { status: number; error?: { data: { reason: string } } }) => [
  answer.status,
  answer.error?.data.reason,
];

test("only the root organization's owners make and change gateways; others do not even find those of others", async () => {
  const { gatewayId } = await create();
  for (const role of ["viewer", "developer", "admin"] as const) {
    const call = world.callAs(await founders.key(role));
    expect((await call("gateways.create", { name: "x", ...places })).status, role).toBe(403);
    expect((await call("gateways.update", { gatewayId, name: "x" })).status, role).toBe(403);
    expect((await call("gateways.delete", { gatewayId })).status, role).toBe(403);
    expect((await call("gateways.one", { gatewayId })).status, role).toBe(200);
  }
  expect((await acme.call("gateways.create", { name: "x", ...places })).status).toBe(403);
  for (const procedure of ["gateways.one", "gateways.update", "gateways.delete"]) {
    expect((await acme.call(procedure, { gatewayId, name: "x" })).status, procedure).toBe(404);
  }
  const shared = { gatewayId: world.gatewayId };
  expect((await acme.call("gateways.one", shared)).status).toBe(200);
  expect((await acme.call("gateways.update", { ...shared, name: "x" })).status).toBe(403);
  expect((await acme.call("gateways.delete", shared)).status).toBe(403);
});

test("a new one is the root organization's alone unless it is said", async () => {
  const alone = await create();
  expect(await allowedOn(alone.gatewayId)).toEqual([founders.organizationId]);
  const shared = await create({ organizationIds: [acme.organizationId, acme.organizationId] });
  expect(await allowedOn(shared.gatewayId)).toEqual([acme.organizationId]);
  const seen = async (organization: GivenOrganization) =>
    (await given(organization).ok<{ items: Gateway[] }>("gateways.list", {})).items.map(({ gatewayId }) => gatewayId);
  expect(await seen(acme)).toEqual(expect.arrayContaining([shared.gatewayId, world.gatewayId]));
  expect(await seen(acme)).not.toContain(alone.gatewayId);
  expect(await seen(founders)).toEqual(expect.arrayContaining([alone.gatewayId, shared.gatewayId, world.gatewayId]));
});

test("an organization that does not exist cannot be allowed, and nothing is made or changed then", async () => {
  const nobody = { organizationIds: [acme.organizationId, newId("organization")] };
  const name = `Gateway ${++names}`;
  expect((await founders.call("gateways.create", { name, ...places, ...nobody })).status).toBe(404);
  const { gatewayId } = await create({ name });
  expect((await founders.call("gateways.update", { gatewayId, name: "Changed", ...nobody })).status).toBe(404);
  expect(await given(founders).ok("gateways.one", { gatewayId })).toMatchObject({ name });
  expect(await allowedOn(gatewayId)).toEqual([founders.organizationId]);
});

test("a name belongs to one gateway", async () => {
  const first = await create();
  expect(reasonOf(await founders.call("gateways.create", { name: first.name, ...places }))).toEqual([
    409,
    "name_taken",
  ]);
  const second = await create();
  const renaming = { gatewayId: second.gatewayId, name: first.name };
  expect(reasonOf(await founders.call("gateways.update", renaming))).toEqual([409, "name_taken"]);
});

test.each(["", "nonsense", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "http://127.0.0.1:80", "a b:80", "[::1]"])(
  "%j is no address of one",
  async (address) => {
    const refused = await founders.call("gateways.create", { name: "x", ...places, address });
    expect(reasonOf(refused)).toEqual([400, "invalid_input"]);
    expect(refused.error?.data.fields).toHaveProperty("address");
  },
);

describe("who may publish on it", () => {
  async function occupied() {
    const { gatewayId } = await create({ organizationIds: [acme.organizationId, founders.organizationId] });
    const { environmentId } = await insertPlace(world, acme);
    const { applicationId } = await given(acme).application({ environmentId, gatewayId, access: "protected" });
    return { gatewayId, environmentId, applicationId };
  }

  test("one with applications there cannot be left out; one without can", async () => {
    const { gatewayId, applicationId, environmentId } = await occupied();
    for (const organizationIds of [[], [founders.organizationId]]) {
      const refused = await founders.call("gateways.update", { gatewayId, organizationIds });
      expect(reasonOf(refused)).toEqual([409, "not_empty"]);
    }
    expect(await allowedOn(gatewayId)).toEqual([acme.organizationId, founders.organizationId].sort());
    await given(founders).ok("gateways.update", { gatewayId, organizationIds: [acme.organizationId] });
    expect(await allowedOn(gatewayId)).toEqual([acme.organizationId]);
    await given(acme).ok("applications.delete", { applicationId });
    await given(founders).ok("gateways.update", { gatewayId, organizationIds: [] });
    expect(await allowedOn(gatewayId)).toEqual([]);
    const late = await acme.call("applications.create", { environmentId, gatewayId, name: "Late" });
    expect(late.status).toBe(404);
  });

  test("a gateway with applications is not deleted; an empty one is", async () => {
    const { gatewayId, applicationId } = await occupied();
    expect(reasonOf(await founders.call("gateways.delete", { gatewayId }))).toEqual([409, "not_empty"]);
    await given(acme).ok("applications.delete", { applicationId });
    expect((await founders.call("gateways.delete", { gatewayId })).status).toBe(200);
    expect((await founders.call("gateways.one", { gatewayId })).status).toBe(404);
    expect(await allowedOn(gatewayId)).toEqual([]);
  });

  test("an application that is made while its organization is left out is waited for, and keeps it there", async (context) => {
    if (!runsSideBySide()) return context.skip("one transaction at a time");
    const { gatewayId } = await create({ organizationIds: [acme.organizationId] });
    const { environmentId } = await insertPlace(world, acme);
    const update = await besideUncommitted(
      world,
      acme.organizationId,
      (tx) =>
        tx.execute(sql`insert into applications (application_id, organization_id, environment_id, gateway_id, name, slug, access, created_at)
          values (${newId("application")}, ${acme.organizationId}, ${environmentId}, ${gatewayId}, 'A', ${environmentId}, 'protected', now())`),
      () => founders.call("gateways.update", { gatewayId, organizationIds: [] }),
    );
    expect(reasonOf(update)).toEqual([409, "not_empty"]);
    expect(await allowedOn(gatewayId)).toEqual([acme.organizationId]);
  });

  test("a renaming beside another change of it is not lost", async (context) => {
    if (!runsSideBySide()) return context.skip("one transaction at a time");
    const { gatewayId } = await create();
    const update = await besideUncommitted(
      world,
      founders.organizationId,
      (tx) => tx.execute(sql`update gateways set name = ${`Renamed ${gatewayId}`} where gateway_id = ${gatewayId}`),
      () => founders.call<Gateway>("gateways.update", { gatewayId, organizationIds: [acme.organizationId] }),
      "host",
    );
    expect([update.status, update.data.name]).toEqual([200, `Renamed ${gatewayId}`]);
  });
});

function opened(place: SealedPlace, sealed: string): string {
  const value = world.runtime.sealer.open(place, sealed);
  if (!value.ok) throw new Error(value.reason);
  return value.plaintext;
}

test("no answer and no audit entry holds a nonce, a tag key, a probe host or an epoch", async () => {
  const made = await founders.call<Gateway>("gateways.create", { name: `Gateway ${++names}`, ...places });
  const { gatewayId } = made.data;
  await world.db.asOwner(`update gateways set nonce = 'the-nonce-of-it' where gateway_id = $1`, [gatewayId]);
  const [row] = await world.db.asOwner<Record<string, string>>(`select * from gateways where gateway_id = $1`, [
    gatewayId,
  ]);
  const { tag_key_sealed: tagKey = "", probe_host_sealed: probeHost = "" } = row ?? {};
  const secrets = [
    "the-nonce-of-it",
    tagKey,
    probeHost,
    opened(gatewayPlaces.tagKey(gatewayId), tagKey),
    opened(gatewayPlaces.probeHost(gatewayId), probeHost),
  ];
  const answers = [made];
  for (const [procedure, input] of [
    ["gateways.one", { gatewayId }],
    ["gateways.list", {}],
    ["gateways.update", { gatewayId, name: `Gateway ${++names}` }],
    ["sync.status", { gatewayId }],
    ["gateways.delete", { gatewayId }],
    ["audit.list", { objectId: gatewayId }],
  ] as const) {
    answers.push(await founders.call(procedure, input));
  }
  for (const { status, text } of answers) {
    expect(status).toBe(200);
    expect(text).not.toMatch(/nonce|epoch|sealed|lease_?holder/i);
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(10);
      expect(text).not.toContain(secret);
    }
  }
  expect(Object.keys(made.data).sort()).toEqual(
    ["address", "createdAt", "gatewayId", "name", "probeAddress", "sync", "tags", "target"].sort(),
  );
});

test("the gateway of this machine keeps its name and stays: by it the process knows whose folder is whose", async () => {
  const gatewayId = await ensureLocalGateway(world.runtime, places);
  const name = async () => (await given(founders).ok<Gateway>("gateways.one", { gatewayId })).name;
  expect(reasonOf(await founders.call("gateways.update", { gatewayId, name: "Edge" }))).toEqual([409, "local_gateway"]);
  expect(reasonOf(await founders.call("gateways.delete", { gatewayId }))).toEqual([409, "local_gateway"]);
  expect(await name()).toBe("local");
  const organizationIds = [founders.organizationId, acme.organizationId].sort();
  await given(founders).ok("gateways.update", { gatewayId, name: "local", organizationIds });
  expect(await allowedOn(gatewayId)).toEqual(organizationIds);
});
