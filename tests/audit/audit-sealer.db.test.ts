import { sql } from "drizzle-orm";
import { afterEach, beforeEach, expect, it } from "vitest";
import { auditEntries } from "#drizzle/audit";
import { sealPending, sealUntilOver } from "#src/audit/sealer";
import { startSync } from "#src/delivery/leader/start-sync";
import { verifyLog } from "#src/features/audit-log/verify-log";
import { newId } from "#src/platform/ids";
import { insertEntries, logOf, tamper } from "../support/audit-log";
import { readRows, updateRows } from "../support/rows/table";
import { given, openWorld, type World } from "../support/world";

let world: World;

beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const neverAborted = new AbortController().signal;
const verify = (organizationId: string) => verifyLog(logOf(world, organizationId), null);

it("every entry is sealed in order, with a separate chain for each organization (AUD)", async () => {
  const [one, other] = [newId("organization"), newId("organization")];
  await insertEntries(world, one, 120);
  await insertEntries(world, other, 3);
  await sealPending(world.runtime.database, neverAborted);
  expect(await verify(one)).toMatchObject({ intact: true, entries: 120 });
  const inOrder = await readRows(world.db.owner, auditEntries, { organizationId: one }, ["sequence"]);
  expect(inOrder.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 120 }, (_, at) => at + 1));
  await insertEntries(world, one, 1);
  expect(await verify(one)).toMatchObject({ intact: true, entries: 120, unsealed: 1 });
  await sealPending(world.runtime.database, neverAborted);
  expect(await verify(one)).toMatchObject({ intact: true, entries: 121, unsealed: 0 });
  expect(await verify(other)).toMatchObject({ intact: true, entries: 3 });
});

it("processes that seal concurrently build one chain", async () => {
  const organizationId = newId("organization");
  await insertEntries(world, organizationId, 150);
  const { database } = world.runtime;
  await Promise.all([
    sealPending(database, neverAborted),
    sealPending(database, neverAborted),
    sealPending(database, neverAborted),
  ]);
  await sealPending(database, neverAborted);
  expect(await verify(organizationId)).toMatchObject({ intact: true, entries: 150 });
});

it("an entry is sealed within a second of its commit (AUD)", async () => {
  const sync = startSync(world.runtime, { folderOf: () => null });
  try {
    const organization = await world.organization();
    await sync.ready;
    await given(organization)
      .ok("organizations.update", { neverPublic: true })
      .catch(() => undefined);
    await insertEntries(world, organization.organizationId, 1);
    const committed = performance.now();
    for (;;) {
      if ((await readRows(world.db.owner, auditEntries, { hash: null }, ["auditId"])).length === 0) break;
      expect(performance.now() - committed).toBeLessThan(1_000);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  } finally {
    await sync.stop();
  }
});

it("an entry that cannot be sealed blocks only its own organization, whose log is then not intact", async () => {
  const [poisoned, other] = [newId("organization"), newId("organization")];
  for (const organizationId of [poisoned, other]) await insertEntries(world, organizationId, 3);
  await tamper(world, (owner) =>
    updateRows(owner, auditEntries, { organizationId: poisoned }, { createdAt: sql`'infinity'` }),
  );
  await expect(sealPending(world.runtime.database, neverAborted)).rejects.toThrow('The time "infinity" cannot be read');
  expect(await verify(other)).toMatchObject({ intact: true, entries: 3, unsealed: 0 });
  expect(await verify(poisoned)).toMatchObject({
    intact: false,
    firstBroken: { sequence: 1, why: "unsealed" },
    entries: 0,
    unsealed: 3,
  });
});

it("an entry that cannot be sealed is logged once, not at each attempt", async () => {
  const organizationId = newId("organization");
  await insertEntries(world, organizationId, 1);
  await tamper(world, (owner) => updateRows(owner, auditEntries, { organizationId }, { createdAt: sql`'infinity'` }));
  const end = new AbortController();
  let attempts = 0;
  const pace = {
    now: () => attempts * 400,
    sleep: async () => {
      if (++attempts === 5) end.abort();
    },
  };
  const { database, clock, log } = world.runtime;
  await sealUntilOver({ database, clock, log, pace }, end.signal);
  expect(world.log().split("audit entries could not be sealed")).toHaveLength(2);
});
