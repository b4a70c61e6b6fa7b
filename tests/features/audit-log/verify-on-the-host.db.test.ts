import { afterEach, beforeEach, expect, test } from "vitest";
import { auditEntries } from "#drizzle/audit";
import { writeCheckpoint } from "#src/audit/seal-entries";
import { sealPending } from "#src/audit/sealer";
import type { AuditCheckpoint } from "#src/features/audit-log/contract";
import { verifyAuditLogs } from "#src/main/host/verify-audit-logs";
import { newId } from "#src/platform/ids";
import { insertEntries, tamper } from "#tests/support/audit-log";
import { deleteRows, updateRows } from "#tests/support/rows/table";
import { type GivenOrganization, given, openWorld, type World } from "#tests/support/world";

let world: World;
let acme: GivenOrganization;
let deleted: string;

beforeEach(async () => {
  world = await openWorld();
  acme = await world.organization();
  deleted = newId("organization"); // the log remains after the organization is deleted
  await world.callAs("not-a-key")("projects.list");
  for (const organizationId of [acme.organizationId, deleted]) await insertEntries(world, organizationId, 5);
  await sealPending(world.runtime.database, new AbortController().signal);
});
afterEach(() => world.close());

const verify = (input: Parameters<typeof verifyAuditLogs>[1] = {}) =>
  verifyAuditLogs({ database: world.runtime.database, signer: async () => world.runtime.signer }, input);

test("verification on the host covers every log, or only the chosen one (AUD)", async () => {
  const { logs } = await verify();
  expect(logs.map(({ organizationId }) => organizationId)).toEqual(
    [acme.organizationId, deleted, world.runtime.installationId].sort(),
  );
  expect(logs.every(({ intact }) => intact)).toBe(true);
  expect((await verify({ organization: deleted })).logs).toMatchObject([{ organizationId: deleted, entries: 5 }]);
});

test("a checkpoint selects its log, and a checkpoint that was not signed here is refused (AUD)", async () => {
  const checkpoint = await given(acme).ok<AuditCheckpoint>("audit.checkpoint", {});
  expect((await verify({ checkpoint })).logs).toMatchObject([{ organizationId: acme.organizationId, intact: true }]);
  await expect(verify({ checkpoint: { ...checkpoint, sequence: 4 } })).rejects.toThrow(
    "did not sign this checkpoint for this log",
  );
  await expect(verify({ checkpoint, organization: deleted })).rejects.toThrow(
    "did not sign this checkpoint for this log",
  );
  const newest = { organizationId: acme.organizationId, sequence: 5 };
  await tamper(world, (owner) => deleteRows(owner, auditEntries, newest));
  expect((await verify({ checkpoint })).logs).toMatchObject([
    { intact: false, firstBroken: { sequence: 5, why: "cut" } },
  ]);
});

test("verification on the host names the log that was tampered with (AUD)", async () => {
  const second = { organizationId: deleted, sequence: 2 };
  await tamper(world, (owner) => updateRows(owner, auditEntries, second, { action: "x" }));
  const { logs } = await verify();
  expect(logs.filter(({ intact }) => !intact)).toMatchObject([
    { organizationId: deleted, firstBroken: { sequence: 2, why: "altered" } },
  ]);
});

test("a log without any remaining entry is reported as cut, because a signed checkpoint exists (AUD)", async () => {
  const emptied = newId("organization");
  const { database, signer } = world.runtime;
  await insertEntries(world, emptied, 3);
  await sealPending(database, new AbortController().signal);
  await writeCheckpoint(database, emptied, signer, new Date());
  await tamper(world, (owner) => deleteRows(owner, auditEntries, { organizationId: emptied }));
  const { logs } = await verify();
  expect(logs.filter(({ organizationId }) => organizationId === emptied)).toMatchObject([
    { intact: false, firstBroken: { sequence: 1, why: "cut" } },
  ]);
  expect(logs.map(({ organizationId }) => organizationId)).toEqual(
    [acme.organizationId, deleted, emptied, world.runtime.installationId].sort(),
  );
});
