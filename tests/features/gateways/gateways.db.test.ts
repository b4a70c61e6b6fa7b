import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { gateways, organizationGateways } from "#drizzle/gateways";
import type { SealContext } from "#src/database/sealing";
import { gatewaySealContexts } from "#src/delivery/planner/gateway-secrets";
import { ensureLocalGateway } from "#src/main/host/ensure-local-gateway";
import { newId } from "#src/platform/ids";
import { reasonOf } from "#tests/support/call-response";
import { insertEnvironment } from "#tests/support/environment";
import { besideUncommitted, runsSideBySide } from "#tests/support/held-transaction";
import { applicationRows } from "#tests/support/rows/applications";
import { readRows, updateRows } from "#tests/support/rows/table";
import { type GivenOrganization, given, openWorld, type World } from "#tests/support/world";

interface Gateway {
  readonly gatewayId: string;
  readonly name: string;
}

let world: World;
let root: GivenOrganization;
let acme: GivenOrganization;
let names = 0;

beforeAll(async () => {
  world = await openWorld();
  root = await world.organization({ root: true });
  acme = await world.organization();
});
afterAll(() => world.close());

const addresses = { address: "127.0.0.1:9000", probeAddress: "127.0.0.1:9001" };
const create = (input: Record<string, unknown> = {}) =>
  given(root).ok<Gateway>("gateways.create", { name: `Gateway ${++names}`, ...addresses, ...input });
const allowedOn = async (gatewayId: string) =>
  (await readRows(world.db.owner, organizationGateways, { gatewayId })).map(({ organizationId }) => organizationId);

test("only owners of the root organization change gateways; for others a gateway they may not use does not exist", async () => {
  const { gatewayId } = await create();
  for (const role of ["viewer", "developer", "admin"] as const) {
    const call = world.callAs(await root.key(role));
    expect((await call("gateways.create", { name: "x", ...addresses })).status, role).toBe(403);
    expect((await call("gateways.update", { gatewayId, name: "x" })).status, role).toBe(403);
    expect((await call("gateways.delete", { gatewayId })).status, role).toBe(403);
    expect((await call("gateways.one", { gatewayId })).status, role).toBe(200);
  }
  expect((await acme.call("gateways.create", { name: "x", ...addresses })).status).toBe(403);
  for (const procedure of ["gateways.one", "gateways.update", "gateways.delete"]) {
    expect((await acme.call(procedure, { gatewayId, name: "x" })).status, procedure).toBe(404);
  }
  const shared = { gatewayId: world.gatewayId };
  expect((await acme.call("gateways.one", shared)).status).toBe(200);
  expect((await acme.call("gateways.update", { ...shared, name: "x" })).status).toBe(403);
  expect((await acme.call("gateways.delete", shared)).status).toBe(403);
});

test("a new gateway is allowed for the root organization alone by default", async () => {
  const rootOnly = await create();
  expect(await allowedOn(rootOnly.gatewayId)).toEqual([root.organizationId]);
  const shared = await create({ organizationIds: [acme.organizationId, acme.organizationId] });
  expect(await allowedOn(shared.gatewayId)).toEqual([acme.organizationId]);
  const visibleTo = async (organization: GivenOrganization) =>
    (await given(organization).ok<{ items: Gateway[] }>("gateways.list", {})).items.map(({ gatewayId }) => gatewayId);
  expect(await visibleTo(acme)).toEqual(expect.arrayContaining([shared.gatewayId, world.gatewayId]));
  expect(await visibleTo(acme)).not.toContain(rootOnly.gatewayId);
  expect(await visibleTo(root)).toEqual(
    expect.arrayContaining([rootOnly.gatewayId, shared.gatewayId, world.gatewayId]),
  );
});

test("allowing an organization that does not exist on a gateway returns 404 and changes nothing", async () => {
  const withUnknown = { organizationIds: [acme.organizationId, newId("organization")] };
  const name = `Gateway ${++names}`;
  expect((await root.call("gateways.create", { name, ...addresses, ...withUnknown })).status).toBe(404);
  const { gatewayId } = await create({ name });
  expect((await root.call("gateways.update", { gatewayId, name: "Changed", ...withUnknown })).status).toBe(404);
  expect(await given(root).ok("gateways.one", { gatewayId })).toMatchObject({ name });
  expect(await allowedOn(gatewayId)).toEqual([root.organizationId]);
});

test("a gateway name that is already used is refused", async () => {
  const first = await create();
  expect(reasonOf(await root.call("gateways.create", { name: first.name, ...addresses }))).toEqual([409, "name_taken"]);
  const second = await create();
  const renaming = { gatewayId: second.gatewayId, name: first.name };
  expect(reasonOf(await root.call("gateways.update", renaming))).toEqual([409, "name_taken"]);
});

test.each(["", "nonsense", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "http://127.0.0.1:80", "a b:80", "[::1]"])(
  "%j is rejected as the address of a gateway",
  async (address) => {
    const refused = await root.call("gateways.create", { name: "x", ...addresses, address });
    expect(reasonOf(refused)).toEqual([400, "invalid_input"]);
    expect(refused.error?.data.fields).toHaveProperty("address");
  },
);

describe("organizations that are allowed on a gateway", () => {
  async function gatewayWithApplication() {
    const { gatewayId } = await create({ organizationIds: [acme.organizationId, root.organizationId] });
    const { environmentId } = await insertEnvironment(world, acme);
    const { applicationId } = await given(acme).application({ environmentId, gatewayId, access: "protected" });
    return { gatewayId, environmentId, applicationId };
  }

  test("an organization can be removed from a gateway only if it has no applications there", async () => {
    const { gatewayId, applicationId, environmentId } = await gatewayWithApplication();
    for (const organizationIds of [[], [root.organizationId]]) {
      const refused = await root.call("gateways.update", { gatewayId, organizationIds });
      expect(reasonOf(refused)).toEqual([409, "gateway_in_use"]);
    }
    expect(await allowedOn(gatewayId)).toEqual([acme.organizationId, root.organizationId].sort());
    await given(root).ok("gateways.update", { gatewayId, organizationIds: [acme.organizationId] });
    expect(await allowedOn(gatewayId)).toEqual([acme.organizationId]);
    await given(acme).ok("applications.delete", { applicationId });
    await given(root).ok("gateways.update", { gatewayId, organizationIds: [] });
    expect(await allowedOn(gatewayId)).toEqual([]);
    const late = await acme.call("applications.create", { environmentId, gatewayId, name: "Late" });
    expect(late.status).toBe(404);
  });

  test("a gateway can be deleted only if it has no applications", async () => {
    const { gatewayId, applicationId } = await gatewayWithApplication();
    expect(reasonOf(await root.call("gateways.delete", { gatewayId }))).toEqual([409, "not_empty"]);
    await given(acme).ok("applications.delete", { applicationId });
    expect((await root.call("gateways.delete", { gatewayId })).status).toBe(200);
    expect((await root.call("gateways.one", { gatewayId })).status).toBe(404);
    expect(await allowedOn(gatewayId)).toEqual([]);
  });

  test("removing an organization waits for an application that is being created and is then refused", async (context) => {
    if (!runsSideBySide()) return context.skip("one transaction at a time");
    const { gatewayId } = await create({ organizationIds: [acme.organizationId] });
    const { environmentId } = await insertEnvironment(world, acme);
    const update = await besideUncommitted(
      world,
      acme.organizationId,
      (tx) => applicationRows.insert(tx, { organizationId: acme.organizationId, environmentId, gatewayId }),
      () => root.call("gateways.update", { gatewayId, organizationIds: [] }),
    );
    expect(reasonOf(update)).toEqual([409, "gateway_in_use"]);
    expect(await allowedOn(gatewayId)).toEqual([acme.organizationId]);
  });

  test("an update of a gateway keeps the name that a concurrent update has set", async (context) => {
    if (!runsSideBySide()) return context.skip("one transaction at a time");
    const { gatewayId } = await create();
    const update = await besideUncommitted(
      world,
      root.organizationId,
      (tx) => updateRows(tx, gateways, { gatewayId }, { name: `Renamed ${gatewayId}` }),
      () => root.call<Gateway>("gateways.update", { gatewayId, organizationIds: [acme.organizationId] }),
      "host",
    );
    expect([update.status, update.data.name]).toEqual([200, `Renamed ${gatewayId}`]);
  });
});

function unsealed(context: SealContext, sealed: string): string {
  const value = world.runtime.sealer.open(context, sealed);
  if (!value.ok) throw new Error(value.reason);
  return value.plaintext;
}

test("no response and no audit entry contains a gateway's nonce, tag key, probe host or epoch", async () => {
  const created = await root.call<Gateway>("gateways.create", { name: `Gateway ${++names}`, ...addresses });
  const { gatewayId } = created.data;
  await updateRows(world.db.owner, gateways, { gatewayId }, { nonce: "nonce-of-the-gateway" });
  const [row] = await readRows(world.db.owner, gateways, { gatewayId });
  const { tagKeySealed: tagKey = "", probeHostSealed: probeHost = "" } = row ?? {};
  const secrets = [
    "nonce-of-the-gateway",
    tagKey,
    probeHost,
    unsealed(gatewaySealContexts.tagKey(gatewayId), tagKey),
    unsealed(gatewaySealContexts.probeHost(gatewayId), probeHost),
  ];
  const answers = [created];
  for (const [procedure, input] of [
    ["gateways.one", { gatewayId }],
    ["gateways.list", {}],
    ["gateways.update", { gatewayId, name: `Gateway ${++names}` }],
    ["sync.status", { gatewayId }],
    ["gateways.delete", { gatewayId }],
    ["audit.list", { objectId: gatewayId }],
  ] as const) {
    answers.push(await root.call(procedure, input));
  }
  for (const { status, text } of answers) {
    expect(status).toBe(200);
    expect(text).not.toMatch(/nonce|epoch|sealed|lease_?holder/i);
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(10);
      expect(text).not.toContain(secret);
    }
  }
  expect(Object.keys(created.data).sort()).toEqual(
    ["address", "createdAt", "gatewayId", "name", "probeAddress", "sync", "tags", "target", "version"].sort(),
  );
});

test("the local gateway cannot be renamed or deleted, because the process identifies its folder by that name", async () => {
  const gatewayId = await ensureLocalGateway(world.runtime, addresses);
  const name = async () => (await given(root).ok<Gateway>("gateways.one", { gatewayId })).name;
  expect(reasonOf(await root.call("gateways.update", { gatewayId, name: "Edge" }))).toEqual([409, "local_gateway"]);
  expect(reasonOf(await root.call("gateways.delete", { gatewayId }))).toEqual([409, "local_gateway"]);
  expect(await name()).toBe("local");
  const organizationIds = [root.organizationId, acme.organizationId].sort();
  await given(root).ok("gateways.update", { gatewayId, name: "local", organizationIds });
  expect(await allowedOn(gatewayId)).toEqual(organizationIds);
});
