import { afterEach, beforeEach, expect, test } from "vitest";
import { sealPending } from "../../../src/audit/sealer";
import { writeCheckpoint } from "../../../src/audit/sealing";
import type { AuditCheckpoint } from "../../../src/features/audit-log/contract";
import { verifyAuditLogs } from "../../../src/main/host/verify-audit-logs";
import { newId } from "../../../src/platform/ids";
import { insertEntries, tamper } from "../../support/audit-log";
import { type GivenOrganization, given, openWorld, type World } from "../../support/world";

let world: World;
let acme: GivenOrganization;
let gone: string;

beforeEach(async () => {
  world = await openWorld();
  acme = await world.organization();
  gone = newId("organization"); // an organization's log outlives it
  await world.callAs("not-a-key")("projects.list");
  for (const organizationId of [acme.organizationId, gone]) await insertEntries(world, organizationId, 5);
  await sealPending(world.runtime.database, new AbortController().signal);
});
afterEach(() => world.close());

const verify = (input: Parameters<typeof verifyAuditLogs>[1] = {}) =>
  verifyAuditLogs({ database: world.runtime.database, signer: async () => world.runtime.signer }, input);

test("every log there is, or one of them, is verified on the host (AUD)", async () => {
  const { logs } = await verify();
  expect(logs.map(({ organizationId }) => organizationId)).toEqual(
    [acme.organizationId, gone, world.runtime.installationId].sort(),
  );
  expect(logs.every(({ intact }) => intact)).toBe(true);
  expect((await verify({ organization: gone })).logs).toMatchObject([{ organizationId: gone, entries: 5 }]);
});

test("a checkpoint names its log, and one that was not signed here is refused (AUD)", async () => {
  const checkpoint = await given(acme).ok<AuditCheckpoint>("audit.checkpoint", {});
  expect((await verify({ checkpoint })).logs).toMatchObject([{ organizationId: acme.organizationId, intact: true }]);
  await expect(verify({ checkpoint: { ...checkpoint, sequence: 4 } })).rejects.toThrow(
    "did not sign this checkpoint for this log",
  );
  await expect(verify({ checkpoint, organization: gone })).rejects.toThrow("did not sign this checkpoint for this log");
  await tamper(world, `delete from audit_entries where organization_id = '${acme.organizationId}' and sequence = 5`);
  expect((await verify({ checkpoint })).logs).toMatchObject([
    { intact: false, firstBroken: { sequence: 5, why: "cut" } },
  ]);
});

test("the one that was tampered with is named among the others (AUD)", async () => {
  await tamper(world, `update audit_entries set action = 'x' where organization_id = '${gone}' and sequence = 2`);
  const { logs } = await verify();
  expect(logs.filter(({ intact }) => !intact)).toMatchObject([
    { organizationId: gone, firstBroken: { sequence: 2, why: "altered" } },
  ]);
});

test("a log of which nothing is left is missed, by what was signed of it (AUD)", async () => {
  const emptied = newId("organization");
  const { database, signer } = world.runtime;
  await insertEntries(world, emptied, 3);
  await sealPending(database, new AbortController().signal);
  await writeCheckpoint(database, emptied, signer, new Date());
  await tamper(world, `delete from audit_entries where organization_id = '${emptied}'`);
  const { logs } = await verify();
  expect(logs.filter(({ organizationId }) => organizationId === emptied)).toMatchObject([
    { intact: false, firstBroken: { sequence: 1, why: "cut" } },
  ]);
  expect(logs.map(({ organizationId }) => organizationId)).toEqual(
    [acme.organizationId, gone, emptied, world.runtime.installationId].sort(),
  );
});
