import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { auditEntries } from "#drizzle/audit";
import { changes } from "#drizzle/changes";
import { routes } from "#drizzle/routes";
import { claimHost } from "#src/features/claims/rows";
import { insertEnvironment } from "#tests/support/environment";
import { besideUncommitted, runsSideBySide } from "#tests/support/held-transaction";
import { readRows, updateRows } from "#tests/support/rows/table";
import { type GivenOrganization, given, openWorld, type World } from "#tests/support/world";

interface Claim {
  readonly claimId: string;
  readonly kind: string;
  readonly value: string;
  readonly sync: { changeId: string | null; state: string };
}

let world: World;
let acme: GivenOrganization;
let environmentId: string;
let host: string;
let routeId: string;
let hosts = 0;

beforeAll(async () => {
  world = await openWorld();
  acme = await world.organization();
  ({ environmentId } = await insertEnvironment(world, acme));
});
afterAll(() => world.close());

beforeEach(async () => {
  host = `claimed-${++hosts}.example`;
  ({ routeId } = await publish(acme, environmentId));
});

async function publish(organization: GivenOrganization, at: string) {
  const created = await given(organization).application<{ route: { routeId: string } }>({
    environmentId: at,
    access: "protected",
    route: { host, upstreams: [{ url: `http://10.0.1.${hosts}:80` }] },
  });
  return created.route;
}

async function claimOf(organization: GivenOrganization, kind: string): Promise<Claim> {
  const { items } = await given(organization).ok<{ items: Claim[] }>("claims.list", { limit: 200 });
  const value = kind === "host" ? host : `10.0.1.${hosts}`;
  const found = items.find((claim) => claim.kind === kind && claim.value.includes(value));
  if (!found) throw new Error(`no ${kind} claim`);
  return found;
}

test("a host can be released once its route is deleted; its deny is delivered, and others may claim it", async () => {
  const claim = await claimOf(acme, "host");
  const early = await acme.call("claims.release", { claimId: claim.claimId });
  expect([early.status, early.error?.data.reason]).toEqual([409, "claim_in_use"]);

  await given(acme).ok("routes.delete", { routeId });
  const beta = await world.organization();
  const otherPlace = await insertEnvironment(world, beta);
  await expect(publish(beta, otherPlace.environmentId)).rejects.toThrow("host_taken");

  const released = await given(acme).ok<Claim>("claims.release", { claimId: claim.claimId });
  expect(released).toMatchObject({ claimId: claim.claimId, value: host, sync: { state: "pending" } });
  const rows = await readRows(world.db.owner, changes, { changeId: String(released.sync.changeId) }, [
    "applicationId",
    "denyGroup",
    "gatewayId",
    "closes",
    "organizationId",
  ]);
  expect(rows).toEqual([
    {
      applicationId: null,
      denyGroup: 0,
      gatewayId: world.gatewayId,
      closes: false,
      organizationId: acme.organizationId,
    },
  ]);
  expect((await acme.call("claims.release", { claimId: claim.claimId })).status).toBe(404);
  const [entry] = await readRows(
    world.db.owner,
    auditEntries,
    { action: "claims.release", outcome: "done", objectId: claim.claimId },
    ["changed"],
  );
  expect(entry?.changed).toEqual({ kind: "host", value: host });
  expect((await publish(beta, otherPlace.environmentId)).routeId).toEqual(expect.any(String));
  await expect(publish(acme, environmentId)).rejects.toThrow("host_taken");
});

test("an upstream claim cannot be released explicitly and ends with its last route", async () => {
  const claim = await claimOf(acme, "upstream");
  const refused = await acme.call("claims.release", { claimId: claim.claimId });
  expect([refused.status, refused.error?.data.reason]).toEqual([409, "claim_in_use"]);
  await given(acme).ok("routes.delete", { routeId });
  await expect(claimOf(acme, "upstream")).rejects.toThrow("no upstream claim");
  expect((await claimOf(acme, "host")).value).toBe(host);
});

test("a claim of another organization cannot be released and is not listed", async () => {
  const claim = await claimOf(acme, "host");
  await given(acme).ok("routes.delete", { routeId });
  const beta = await world.organization();
  expect((await beta.call("claims.release", { claimId: claim.claimId })).status).toBe(404);
  expect((await beta.call<{ items: unknown[] }>("claims.list")).data.items).toEqual([]);
  expect((await claimOf(acme, "host")).claimId).toBe(claim.claimId);
});

test("a developer can list claims but not release them, and the refusal is audited", async () => {
  const claim = await claimOf(acme, "host");
  const developer = world.callAs(await acme.key("developer"));
  expect((await developer("claims.list")).status).toBe(200);
  expect((await developer("claims.release", { claimId: claim.claimId })).status).toBe(403);
  const entries = await readRows(world.db.owner, auditEntries, { action: "claims.release", objectId: claim.claimId }, [
    "reason",
  ]);
  expect(entries).toEqual([{ reason: "key_scope" }]);
});

test("releasing a claim while a route of its host is created never leaves the route without a claim", async () => {
  for (let round = 0; round < 8; round++) {
    host = `concurrent-${round}.example`;
    hosts += 1;
    const route = await publish(acme, environmentId);
    const claim = await claimOf(acme, "host");
    await given(acme).ok("routes.delete", { routeId: route.routeId });
    const [released, created] = await Promise.all([
      acme.call("claims.release", { claimId: claim.claimId }),
      acme.call("applications.create", {
        environmentId,
        name: "Again",
        access: "protected",
        route: { host, upstreams: [{ url: `http://10.0.1.${hosts}:80` }] },
      }),
    ]);
    expect([200, 409]).toContain(released.status);
    expect(created.status, created.text).toBe(200);
    expect((await claimOf(acme, "host")).value).toBe(host);
  }
});

test("a release waits for a concurrent claim of the same host and is refused because of its route", async (context) => {
  if (!runsSideBySide()) return context.skip("one transaction at a time");
  const claim = await claimOf(acme, "host");
  const released = await besideUncommitted(
    world,
    acme.organizationId,
    async (tx) => {
      await claimHost(tx, world.gatewayId, host, new Date());
      await updateRows(tx, routes, { routeId }, { host });
    },
    () => acme.call("claims.release", { claimId: claim.claimId }),
  );
  expect([released.status, released.error?.data.reason]).toEqual([409, "claim_in_use"]);
});
