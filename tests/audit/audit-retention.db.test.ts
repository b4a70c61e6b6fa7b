import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { auditCheckpoints, auditEntries } from "#drizzle/audit";
import { keepAuditLogs } from "#src/audit/keeper";
import { sealPending } from "#src/audit/sealer";
import { makeSigner, type Signer } from "#src/database/signing";
import { verifyLog } from "#src/features/audit-log/verify-log";
import { newId } from "#src/platform/ids";
import { insertEntries, logOf, tamper } from "../support/audit-log";
import { auditEntryRows, checkpointRows } from "../support/rows/audit";
import { deleteRows, readRows, updateRows } from "../support/rows/table";
import { outcomeOf, runAs } from "../support/run-as";
import { openWorld, type World } from "../support/world";

let world: World;
let organizationId: string;

beforeEach(async () => {
  world = await openWorld();
  organizationId = newId("organization");
});
afterEach(() => world.close());

const neverAborted = new AbortController().signal;
const now = new Date("2026-05-01T10:00:00.000Z");
const daysAgo = (days: number) => new Date(now.getTime() - days * 86_400_000);
const verify = () => verifyLog(logOf(world, organizationId), null);
const keep = (auditRetentionDays: number, at = now) => {
  world.now = at;
  return keepAuditLogs({ ...world.runtime, auditRetentionDays }, neverAborted);
};
const sequences = async () =>
  (await readRows(world.db.owner, auditEntries, { organizationId }, ["sequence"])).map(({ sequence }) => sequence);
const statements = (kind: "checkpoint" | "removal") =>
  readRows(world.db.owner, auditCheckpoints, { organizationId, kind }, ["sequence", "removed"]);

async function seal(...parts: readonly (readonly [count: number, createdAt: Date])[]): Promise<void> {
  for (const [count, createdAt] of parts) {
    await insertEntries(world, organizationId, count, { createdAt });
    await sealPending(world.runtime.database, neverAborted);
  }
}

describe("retention (AUD)", () => {
  test("retention removes old entries from the beginning, leaves a signed statement, and the log still verifies", async () => {
    await seal([600, daysAgo(40)], [5, daysAgo(20)]);
    await keep(30);
    expect(await sequences()).toEqual([601, 602, 603, 604, 605]);
    expect(await statements("removal")).toEqual([{ sequence: 600, removed: 600 }]);
    expect(await verify()).toMatchObject({
      intact: true,
      entries: 5,
      sequence: 605,
      removed: { sequence: 600, entries: 600, at: now.toISOString() },
    });
    await seal([2, now]);
    await keep(30, new Date(now.getTime() + 15 * 86_400_000));
    expect(await sequences()).toEqual([606, 607]);
    expect(await statements("removal")).toEqual([
      { sequence: 600, removed: 600 },
      { sequence: 605, removed: 5 },
    ]);
    expect(await verify()).toMatchObject({ intact: true, entries: 2, removed: { sequence: 605, entries: 5 } });
  });

  test("retention is off by default, keeps the last entry, and removes no entry that is not sealed", async () => {
    await seal([5, daysAgo(400)]);
    await insertEntries(world, organizationId, 1, { createdAt: daysAgo(400) });
    await keep(0);
    expect(await sequences()).toEqual([1, 2, 3, 4, 5, null]);
    await keep(30);
    expect(await sequences()).toEqual([5, null]);
    await sealPending(world.runtime.database, neverAborted);
    expect(await verify()).toMatchObject({ intact: true, entries: 2, sequence: 6 });
  });

  test("retention removes nothing from the middle: a younger entry keeps all entries after it", async () => {
    await seal([2, daysAgo(40)], [1, daysAgo(1)], [2, daysAgo(40)]);
    await keep(30);
    expect(await sequences()).toEqual([3, 4, 5]);
    expect(await verify()).toMatchObject({ intact: true });
  });

  test("retention removes nothing from a log that was tampered with, and logs that", async () => {
    await seal([10, daysAgo(40)], [1, now]);
    await tamper(world, (owner) => updateRows(owner, auditEntries, { organizationId, sequence: 4 }, { action: "x" }));
    await keep(30);
    expect(await sequences()).toHaveLength(11);
    expect(world.log()).toContain("the audit log is not intact");
  });

  test("entries are reported as missing if the signature of their removal statement is invalid", async () => {
    await seal([10, daysAgo(40)], [1, now]);
    await keep(30);
    await tamper(world, (owner) => updateRows(owner, auditCheckpoints, { kind: "removal" }, { signature: "x" }));
    expect(await verify()).toMatchObject({ intact: false, firstBroken: { sequence: 1, why: "missing" } });
  });

  test("retention does not cover up entries that were deleted with a forged removal statement", async () => {
    await seal([10, daysAgo(40)], [1, now]);
    const [last] = await readRows(world.db.owner, auditEntries, { organizationId, sequence: 5 });
    const forged = { organizationId, sequence: 5, hash: last?.hash ?? "", kind: "removal" as const, removed: 5 };
    await tamper(
      world,
      (owner) => checkpointRows.insert(owner, forged),
      (owner) => deleteRows(owner, auditEntries, { organizationId, sequence: [1, 2, 3, 4, 5] }),
    );
    await keep(30);
    expect(await sequences()).toEqual([6, 7, 8, 9, 10, 11]);
    expect(await verify()).toMatchObject({ intact: false, firstBroken: { sequence: 1, why: "missing" } });
  });

  test("an entry that is planted in place of a removed one is reported as altered", async () => {
    await seal([8, daysAgo(40)], [2, daysAgo(20)]);
    await keep(30);
    const plant = (sequence: number) =>
      tamper(world, (owner) =>
        auditEntryRows.insert(owner, {
          auditId: `aud_planted_${sequence}`,
          organizationId,
          actorKind: "person",
          sequence,
          hash: "3:ff",
        }),
      );
    await plant(7);
    expect(await verify()).toMatchObject({
      intact: false,
      firstBroken: { sequence: 7, auditId: "aud_planted_7", why: "altered" },
    });
    await plant(0);
    expect(await verify()).toMatchObject({ firstBroken: { sequence: 0, auditId: "aud_planted_0" } });
  });

  test("a removal statement is signed again with a new secret and stays valid without the former one", async () => {
    const [first, second] = [randomBytes(32), randomBytes(32)];
    const run = (signer: Signer, auditRetentionDays: number) => {
      world.now = now;
      return keepAuditLogs({ ...world.runtime, signer, auditRetentionDays }, neverAborted);
    };
    const verdict = (signer: Signer) => verifyLog({ ...logOf(world, organizationId), signer }, null);
    await seal([10, daysAgo(40)], [1, now]);
    await run(makeSigner([first]), 30);
    await run(makeSigner([second]), 0); // this secret did not sign the statement, so the statement is not signed again
    expect(await verdict(makeSigner([second]))).toMatchObject({ intact: false });
    await run(makeSigner([second, first]), 0);
    expect(await verdict(makeSigner([second]))).toMatchObject({ intact: true, removed: { sequence: 10, entries: 10 } });
    expect(await statements("removal")).toHaveLength(1);
  });

  test("the retention role can remove sealed entries and replace its own statements, and nothing else", async () => {
    await seal([2, now]);
    await insertEntries(world, organizationId, 1);
    await checkpointRows.insert(world.db.owner, { organizationId, sequence: 2, hash: "h", kind: "checkpoint" });
    const attempt = (statement: string) => outcomeOf(runAs(world, "retention", null, statement));
    expect(await attempt("delete from audit_entries where sequence is null")).toBe("42501");
    expect(await attempt("update audit_entries set action = 'x'")).toBe("42501");
    expect(await attempt("update audit_entries set sequence = 9 where sequence is null")).toBe("42501");
    expect(await attempt("truncate audit_entries")).toBe("42501");
    expect(await attempt("insert into audit_entries select * from audit_entries")).toBe("42501");
    expect(await attempt("update audit_checkpoints set hash = 'x'")).toBe("42501");
    expect(await attempt("select * from users")).toBe("42501");
    expect(await attempt("delete from audit_checkpoints")).toBe("done");
    expect(await readRows(world.db.owner, auditCheckpoints, {}, ["kind"])).toEqual([{ kind: "checkpoint" }]);
    expect(await attempt("delete from audit_entries where sequence = 1")).toBe("done");
    expect(await sequences()).toEqual([2, null]);
  });
});

describe("daily checkpoint of the installation (AUD)", () => {
  test("a checkpoint is not signed twice in a day, even if new entries exist", async () => {
    await seal([3, now]);
    await keep(0);
    await seal([1, now]);
    await keep(0, new Date(now.getTime() + 86_399_999));
    expect(await statements("checkpoint")).toEqual([{ sequence: 3, removed: 0 }]);
    await keep(0, new Date(now.getTime() + 86_400_000));
    expect((await statements("checkpoint")).map(({ sequence }) => sequence)).toEqual([3, 4]);
  });

  test("a checkpoint is signed once a day if new entries exist, and reveals that the log was cut off", async () => {
    await seal([3, now]);
    await keep(0);
    await keep(0, new Date(now.getTime() + 3_600_000));
    expect(await statements("checkpoint")).toEqual([{ sequence: 3, removed: 0 }]);
    await keep(0, new Date(now.getTime() + 90_000_000));
    expect(await statements("checkpoint")).toHaveLength(1);
    await seal([2, now]);
    await keep(0, new Date(now.getTime() + 90_000_000));
    expect((await statements("checkpoint")).map(({ sequence }) => sequence)).toEqual([3, 5]);
    expect(await verify()).toMatchObject({ intact: true, entries: 5 });
    await tamper(world, (owner) => deleteRows(owner, auditEntries, { sequence: 5 }));
    expect(await verify()).toMatchObject({ intact: false, firstBroken: { sequence: 5, why: "cut" } });
  });
});
