import { sql } from "drizzle-orm";
import type { PgUpdateSetSource } from "drizzle-orm/pg-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { auditEntries } from "#drizzle/audit";
import { entryHash } from "#src/audit/chain";
import { sealPending } from "#src/audit/sealer";
import type { AuditCheckpoint, AuditVerdict } from "#src/features/audit-log/contract";
import { insertEntries, tamper } from "#tests/support/audit-log";
import { auditEntryRows } from "#tests/support/rows/audit";
import { deleteRows, readRows, type Statements, updateRows } from "#tests/support/rows/table";
import { type GivenOrganization, given, openWorld, type World } from "#tests/support/world";

let world: World;
let acme: GivenOrganization;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  acme = await world.organization();
});

const neverAborted = new AbortController().signal;
const verify = (checkpoint?: AuditCheckpoint) =>
  given(acme).ok<AuditVerdict>("audit.verify", checkpoint ? { checkpoint } : {});
const checkpoint = () => given(acme).ok<AuditCheckpoint>("audit.checkpoint", {});
/** The entries of the organization at these positions. */
const at = (...sequence: number[]) => ({ organizationId: acme.organizationId, sequence });

async function sealed(count: number): Promise<void> {
  await insertEntries(world, acme.organizationId, count);
  await sealPending(world.runtime.database, neverAborted);
}

describe("audit.verify (AUD)", () => {
  test("reports how far an intact log is sealed and how many entries are not sealed yet", async () => {
    expect(await verify()).toEqual({
      organizationId: acme.organizationId,
      intact: true,
      firstBroken: null,
      entries: 0,
      sequence: 0,
      hash: "",
      unsealed: 0,
      removed: null,
    });
    await sealed(450);
    await insertEntries(world, acme.organizationId, 3);
    expect(await verify()).toMatchObject({ intact: true, entries: 450, sequence: 450, unsealed: 3 });
  });

  test("reports a log without any sealed entry as not intact", async () => {
    await insertEntries(world, acme.organizationId, 2);
    expect(await verify()).toMatchObject({
      intact: false,
      firstBroken: { sequence: 1, auditId: expect.stringMatching(/^aud_/), why: "unsealed" },
      entries: 0,
      unsealed: 2,
    });
    await sealPending(world.runtime.database, neverAborted);
    expect(await verify()).toMatchObject({ intact: true, firstBroken: null, entries: 2, unsealed: 0 });
  });

  test.each([
    ["has waited for more than 30 seconds", sql`now() - interval '31 seconds'`],
    ["has a time in the future", sql`now() + interval '1 hour'`],
    ["has a time that JavaScript cannot represent", sql`'infinity'`],
    ["has a time BC", sql`'0044-03-15 00:00:00+00 BC'`],
  ])("reports a log as not intact when an unsealed entry %s", async (_what, createdAt) => {
    await sealed(3);
    await insertEntries(world, acme.organizationId, 2);
    expect(await verify()).toMatchObject({ intact: true, entries: 3, unsealed: 2 });
    const unsealed = { organizationId: acme.organizationId, sequence: null };
    const [late] = await readRows(world.db.owner, auditEntries, unsealed, ["auditId"]);
    if (late === undefined) throw new Error("every entry is sealed");
    await tamper(world, (owner) => updateRows(owner, auditEntries, late, { createdAt }));
    expect(await verify()).toMatchObject({
      intact: false,
      firstBroken: { sequence: 4, auditId: late.auditId, why: "unsealed" },
      entries: 3,
      unsealed: 2,
    });
    // Restores the time, so that the other tests find only their own entries to seal.
    await tamper(world, (owner) => updateRows(owner, auditEntries, late, { createdAt: new Date() }));
  });

  test("reports a log as not intact when nothing was sealed for a minute", async () => {
    await sealed(3);
    await insertEntries(world, acme.organizationId, 1);
    world.now = new Date(Date.now() + 60_000);
    try {
      expect(await verify()).toMatchObject({ intact: false, firstBroken: { sequence: 4, why: "unsealed" } });
    } finally {
      world.now = null;
    }
  });

  test.each(["infinity", "0044-03-15 00:00:00+00 BC", "10000-01-01 00:00:00+00"])(
    "reports a sealed entry whose time was changed to %s as altered",
    async (time) => {
      await sealed(4);
      const createdAt = sql`${time}::timestamptz`;
      await tamper(world, (owner) => updateRows(owner, auditEntries, at(3), { createdAt }));
      expect(await verify()).toMatchObject({ intact: false, firstBroken: { sequence: 3, why: "altered" }, entries: 2 });
    },
  );

  test.each<[string, PgUpdateSetSource<typeof auditEntries>]>([
    ["action", { action: "nothing" }],
    ["actor's name", { actorName: "other person" }],
    ["object's name", { objectName: "another" }],
    ["session", { sessionId: "ses_x" }],
    ["authentication", { authenticatedBy: "totp" }],
    ["count", { count: 9 }],
    ["time", { createdAt: sql`created_at + interval '1 ms'` }],
    ["changed values", { changed: { z: 2 } }],
    ["hash", { hash: "3:00" }],
    ["organization", { organizationId: sql`organization_id || 'x'` }],
  ])("reports the first entry whose %s was altered", async (_what, values) => {
    await sealed(5);
    await tamper(world, (owner) => updateRows(owner, auditEntries, at(3, 4), values));
    const { intact, entries, firstBroken } = await verify();
    expect([intact, entries, firstBroken?.sequence]).toEqual([false, 2, 3]);
    expect(firstBroken?.why).toBe(values.organizationId ? "missing" : "altered");
  });

  test("reports the first missing entry, at the beginning and in the middle of the log", async () => {
    await sealed(5);
    await tamper(world, (owner) => deleteRows(owner, auditEntries, at(3)));
    expect(await verify()).toMatchObject({
      intact: false,
      firstBroken: { sequence: 3, auditId: null, why: "missing" },
    });
    await tamper(world, (owner) => deleteRows(owner, auditEntries, at(1)));
    expect(await verify()).toMatchObject({ intact: false, firstBroken: { sequence: 1, why: "missing" } });
  });

  test("reports the first of two entries that were swapped as altered", async () => {
    await sealed(5);
    await tamper(
      world,
      (owner) => updateRows(owner, auditEntries, at(2, 4), { sequence: sql`-sequence` }),
      (owner) => updateRows(owner, auditEntries, at(-2, -4), { sequence: sql`6 + sequence` }),
    );
    expect(await verify()).toMatchObject({ intact: false, firstBroken: { sequence: 2, why: "altered" } });
  });

  test("reports a planted entry as altered, even though it has a hash", async () => {
    await sealed(3);
    const { organizationId } = acme;
    const planted = { auditId: `aud_planted_${organizationId}`, organizationId, sequence: 3, hash: "3:ff" };
    await tamper(
      world,
      (owner) => updateRows(owner, auditEntries, at(3), { sequence: 4 }),
      (owner) => auditEntryRows.insert(owner, planted),
    );
    expect(await verify()).toMatchObject({
      intact: false,
      firstBroken: { sequence: 3, auditId: planted.auditId, why: "altered" },
    });
  });
});

describe("audit.checkpoint (AUD)", () => {
  test("returns a signed checkpoint that remains valid while the log grows", async () => {
    await sealed(4);
    const kept = await checkpoint();
    expect(kept).toEqual({
      organizationId: acme.organizationId,
      sequence: 4,
      hash: expect.stringMatching(/^3:[0-9a-f]{64}$/),
      at: expect.any(String),
      signature: expect.stringMatching(/^[\w-]{43}$/),
    });
    expect(await verify(kept)).toMatchObject({ intact: true, entries: 4 });
    await sealed(3);
    expect(await verify(kept)).toMatchObject({ intact: true, entries: 7 });
  });

  test("reveals that the end of the log was cut off, which the remaining entries do not show", async () => {
    await sealed(6);
    const kept = await checkpoint();
    await tamper(world, (owner) => deleteRows(owner, auditEntries, at(5, 6)));
    expect(await verify()).toMatchObject({ intact: true, entries: 4 });
    expect(await verify(kept)).toMatchObject({ intact: false, firstBroken: { sequence: 5, why: "cut" } });
  });

  test("reveals that the whole log was rewritten with consistent hashes", async () => {
    await sealed(4);
    const kept = await checkpoint();
    const entries = await readRows(world.db.owner, auditEntries, { organizationId: acme.organizationId });
    let previous = "";
    const changes = entries.map(({ auditId, ...entry }) => {
      const actorName = "forged";
      const hash = entryHash(previous, { ...entry, auditId, actorName });
      previous = hash;
      return (owner: Statements) => updateRows(owner, auditEntries, { auditId }, { actorName, hash });
    });
    await tamper(world, ...changes);
    expect(await verify()).toMatchObject({ intact: true, entries: 4 });
    expect(await verify(kept)).toMatchObject({ intact: false, firstBroken: { sequence: 4, why: "rewritten" } });
  });

  test("audit.verify rejects a checkpoint that was altered or belongs to another log", async () => {
    await sealed(2);
    const kept = await checkpoint();
    const beta = await world.organization();
    const foreign = await given(beta).ok<AuditCheckpoint>("audit.checkpoint", {});
    for (const wrong of [
      { ...kept, sequence: 1 },
      { ...kept, hash: "3:00" },
      { ...kept, at: "2020-01-01T00:00:00.000Z" },
      { ...kept, signature: "x".repeat(43) },
      { ...kept, organizationId: foreign.organizationId },
      foreign,
    ]) {
      const answer = await acme.call("audit.verify", { checkpoint: wrong });
      expect([answer.status, answer.error?.data.reason]).toEqual([400, "checkpoint_not_ours"]);
    }
    expect((await acme.call("audit.verify", { checkpoint: { ...kept, sequence: -1 } })).status).toBe(400);
  });

  test("audit.checkpoint and audit.verify require permission to read the log", async () => {
    const developer = world.callAs(await acme.key("developer"));
    const admin = world.callAs(await acme.key("admin"));
    for (const procedure of ["audit.verify", "audit.checkpoint"]) {
      expect((await developer(procedure)).status).toBe(403);
      expect((await admin(procedure)).status).toBe(200);
    }
  });
});
