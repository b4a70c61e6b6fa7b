import { afterAll, beforeAll, expect, test } from "vitest";
import { reportReservedClaims } from "../../../src/features/claims/report-reserved";
import { insertEnvironment } from "../../support/environment";
import { type GivenOrganization, given, openWorld, type World } from "../../support/world";

let world: World; // its public address is https://portcullis.example.org
let acme: GivenOrganization;

beforeAll(async () => {
  world = await openWorld();
  acme = await world.organization();
  const { environmentId } = await insertEnvironment(world, acme);
  for (const [at, host] of ["one.example.net", "two.example.net", "three.example.net"].entries()) {
    const route = { host, upstreams: [{ url: `http://10.0.6.${at + 1}:80` }] };
    await given(acme).application({ environmentId, access: "protected", route });
  }
  // An earlier version accepted these claims.
  await world.db.asOwner("update claims set value = 'portcullis.example.org' where value = 'one.example.net'");
  await world.db.asOwner("update claims set value = '*.co.uk' where value = 'two.example.net'");
});
afterAll(() => world.close());

const entries = () =>
  world.db.asOwner<{ object_name: string; changed: unknown; actor_kind: string; organization_id: string }>(
    "select * from audit_entries where action = 'claims.found_reserved' order by object_name",
  );

test("claims of reserved hosts are logged at every start, audited once, and left unchanged", async () => {
  const lines = () => world.log().split("holds a reserved host").length - 1;
  const before = lines();
  for (let start = 1; start <= 3; start++) {
    const found = await reportReservedClaims(world.runtime);
    expect(found.map(({ host }) => host).sort()).toEqual(["*.co.uk", "portcullis.example.org"]);
    expect(lines() - before).toBe(2 * start);
  }
  const audited = (await entries()).filter(({ object_name }) => object_name !== "localhost"); // the claim of the next test
  expect(audited).toHaveLength(2);
  expect(audited).toMatchObject([
    { object_name: "*.co.uk", changed: { reserved: "public_suffix" } },
    { object_name: "portcullis.example.org", changed: { reserved: "control_plane" } },
  ]);
  for (const entry of audited) {
    expect(entry).toMatchObject({ actor_kind: "system", organization_id: acme.organizationId });
  }
  const kept = await world.db.asOwner("select 1 from claims where value in ('portcullis.example.org', '*.co.uk')");
  expect(kept).toHaveLength(2);
});

test("processes that start concurrently audit each reserved claim once", async () => {
  const [row] = await world.db.asOwner<{ claim_id: string }>(
    "update claims set value = 'localhost' where value = 'three.example.net' returning claim_id",
  );
  await Promise.all([1, 2, 3].map(() => reportReservedClaims(world.runtime)));
  const audited = await world.db.asOwner("select 1 from audit_entries where object_id = $1 and actor_kind = 'system'", [
    row?.claim_id,
  ]);
  expect(audited).toHaveLength(1);
  await world.db.asOwner("update claims set value = 'three.example.net' where value = 'localhost'");
});

test("claims.list returns for each claim why its host is reserved now", async () => {
  const { items } = await given(acme).ok<{ items: { kind: string; value: string; reserved: string | null }[] }>(
    "claims.list",
    { limit: 200 },
  );
  expect(Object.fromEntries(items.map(({ value, reserved }) => [value, reserved]))).toMatchObject({
    "portcullis.example.org": "control_plane",
    "*.co.uk": "public_suffix",
    "three.example.net": null,
    "10.0.6.1:80": null,
  });
});
