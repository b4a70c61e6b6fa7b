import { afterEach, beforeEach, expect, it } from "vitest";
import { newId } from "../../src/core/ids";
import { sealPending, verifyAuditChain } from "../../src/sync/audit-sealer";
import { startSync } from "../../src/sync/start-sync";
import { given, openWorld, type World } from "../support/world";

let world: World;

beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const never = new AbortController().signal;
const entries = async (organizationId: string, count: number) => {
  for (let at = 0; at < count; at++) {
    await world.db.asOwner(
      `insert into audit_entries (audit_id, organization_id, actor_kind, request_id, action, outcome, changed, created_at)
       values ($1, $2, 'system', $3, 'test', 'done', $4, now())`,
      [newId("audit"), organizationId, newId("request"), JSON.stringify({ z: at, a: { y: [1, { c: 2, b: null }] } })],
    );
  }
};
const tampering = async (statement: string) => {
  await world.db.asOwner("alter table audit_entries disable trigger all");
  await world.db.asOwner(statement);
};

it("every entry is sealed in order, each organization in a chain of its own", async () => {
  const [one, other] = [newId("organization"), newId("organization")];
  await entries(one, 120);
  await entries(other, 3);
  await sealPending(world.runtime.database, never);
  expect(await verifyAuditChain(world.runtime.database, one)).toMatchObject({ intact: true, entries: 120 });
  await entries(one, 1);
  await sealPending(world.runtime.database, never);
  expect(await verifyAuditChain(world.runtime.database, one)).toMatchObject({ intact: true, entries: 121 });
  expect(await verifyAuditChain(world.runtime.database, other)).toMatchObject({ intact: true, entries: 3 });
});

it("an entry that was altered or taken out is found", async () => {
  const organizationId = newId("organization");
  await entries(organizationId, 5);
  await sealPending(world.runtime.database, never);
  await tampering("update audit_entries set action = 'nothing' where sequence = 3");
  expect(await verifyAuditChain(world.runtime.database, organizationId)).toEqual({
    intact: false,
    sequence: 3,
    why: "altered",
  });
  await tampering("delete from audit_entries where sequence = 2");
  expect(await verifyAuditChain(world.runtime.database, organizationId)).toEqual({
    intact: false,
    sequence: 2,
    why: "missing",
  });
});

it("two processes that seal at once make one chain", async () => {
  const organizationId = newId("organization");
  await entries(organizationId, 150);
  const { database } = world.runtime;
  await Promise.all([sealPending(database, never), sealPending(database, never), sealPending(database, never)]);
  await sealPending(database, never);
  expect(await verifyAuditChain(database, organizationId)).toMatchObject({ intact: true, entries: 150 });
});

it("an entry is sealed within a second of its commit", async () => {
  const sync = startSync(world.runtime, { folderOf: () => null });
  try {
    const organization = await world.organization();
    await sync.ready;
    await given(organization)
      .ok("organizations.update", { neverPublic: true })
      .catch(() => undefined);
    await entries(organization.organizationId, 1);
    const committed = performance.now();
    for (;;) {
      const [row] = await world.db.asOwner<{ count: number }>(
        "select count(*)::integer as count from audit_entries where hash is null",
      );
      if (row?.count === 0) break;
      expect(performance.now() - committed).toBeLessThan(1_000);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  } finally {
    await sync.stop();
  }
});
