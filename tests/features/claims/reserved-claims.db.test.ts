import { afterAll, beforeAll, expect, test } from "vitest";
import { auditEntries } from "#drizzle/audit";
import { claims } from "#drizzle/routes";
import { reportReservedClaims } from "#src/features/claims/report-reserved";
import { insertEnvironment } from "#tests/support/environment";
import { readRows, updateRows } from "#tests/support/rows/table";
import { type GivenOrganization, given, openWorld, type World } from "#tests/support/world";

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
  await updateRows(world.db.owner, claims, { value: "one.example.net" }, { value: "portcullis.example.org" });
  await updateRows(world.db.owner, claims, { value: "two.example.net" }, { value: "*.co.uk" });
});
afterAll(() => world.close());

const entries = () => readRows(world.db.owner, auditEntries, { action: "claims.found_reserved" });

test("claims of reserved hosts are logged at every start, audited once, and left unchanged", async () => {
  const lines = () => world.log().split("holds a reserved host").length - 1;
  const before = lines();
  for (let start = 1; start <= 3; start++) {
    const found = await reportReservedClaims(world.runtime);
    expect(found.map(({ host }) => host).sort()).toEqual(["*.co.uk", "portcullis.example.org"]);
    expect(lines() - before).toBe(2 * start);
  }
  const audited = (await entries()).filter(({ objectName }) => objectName !== "localhost"); // the claim of the next test
  expect(audited).toHaveLength(2);
  expect(Object.fromEntries(audited.map(({ objectName, changed }) => [objectName, changed?.reserved]))).toEqual({
    "*.co.uk": "public_suffix",
    "portcullis.example.org": "control_plane",
  });
  for (const entry of audited) {
    expect(entry).toMatchObject({ actorKind: "system", organizationId: acme.organizationId });
  }
  const kept = await readRows(world.db.owner, claims, { value: ["portcullis.example.org", "*.co.uk"] });
  expect(kept).toHaveLength(2);
});

test("processes that start concurrently audit each reserved claim once", async () => {
  const [claim] = await readRows(world.db.owner, claims, { value: "three.example.net" });
  await updateRows(world.db.owner, claims, { value: "three.example.net" }, { value: "localhost" });
  await Promise.all([1, 2, 3].map(() => reportReservedClaims(world.runtime)));
  const audited = await readRows(world.db.owner, auditEntries, { objectId: claim?.claimId ?? "", actorKind: "system" });
  expect(audited).toHaveLength(1);
  await updateRows(world.db.owner, claims, { value: "localhost" }, { value: "three.example.net" });
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
