import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { entryHash, type SealedEntry } from "../../../src/audit/chain";
import { sealPending } from "../../../src/audit/sealer";
import type { AuditCheckpoint, AuditVerdict } from "../../../src/features/audit-log/contract";
import { insertEntries, tamper } from "../../support/audit-log";
import { type GivenOrganization, given, openWorld, type World } from "../../support/world";

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
const acmeOnly = () => `organization_id = '${acme.organizationId}'`;

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
    ["has waited for more than 30 seconds", "now() - interval '31 seconds'"],
    ["has a time in the future", "now() + interval '1 hour'"],
    ["has a time that JavaScript cannot represent", "'infinity'"],
    ["has a time BC", "'0044-03-15 00:00:00+00 BC'"],
  ])("reports a log as not intact when an unsealed entry %s", async (_what, at) => {
    await sealed(3);
    await insertEntries(world, acme.organizationId, 2);
    expect(await verify()).toMatchObject({ intact: true, entries: 3, unsealed: 2 });
    const [late] = await world.db.asOwner<{ id: string }>(
      `select min(audit_id) as id from audit_entries where ${acmeOnly()} and sequence is null`,
    );
    await tamper(world, `update audit_entries set created_at = ${at} where audit_id = '${late?.id}'`);
    expect(await verify()).toMatchObject({
      intact: false,
      firstBroken: { sequence: 4, auditId: late?.id, why: "unsealed" },
      entries: 3,
      unsealed: 2,
    });
    // Restores the time, so that the other tests find only their own entries to seal.
    await tamper(world, `update audit_entries set created_at = now() where audit_id = '${late?.id}'`);
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

  test.each(["'infinity'", "'0044-03-15 00:00:00+00 BC'", "'10000-01-01 00:00:00+00'"])(
    "reports a sealed entry whose time was changed to %s as altered",
    async (at) => {
      await sealed(4);
      await tamper(world, `update audit_entries set created_at = ${at} where ${acmeOnly()} and sequence = 3`);
      expect(await verify()).toMatchObject({ intact: false, firstBroken: { sequence: 3, why: "altered" }, entries: 2 });
    },
  );

  test.each([
    ["action", "'nothing'"],
    ["actor_name", "'other person'"],
    ["object_name", "'another'"],
    ["session_id", "'ses_x'"],
    ["authenticated_by", "'totp'"],
    ["count", "9"],
    ["created_at", "created_at + interval '1 ms'"],
    ["changed", `'{"z": 2}'`],
    ["hash", "'3:00'"],
    ["organization_id", "organization_id || 'x'"],
  ])("reports the first entry whose %s was altered", async (column, value) => {
    await sealed(5);
    await tamper(world, `update audit_entries set ${column} = ${value} where ${acmeOnly()} and sequence in (3, 4)`);
    const { intact, entries, firstBroken } = await verify();
    expect([intact, entries, firstBroken?.sequence]).toEqual([false, 2, 3]);
    expect(firstBroken?.why).toBe(column === "organization_id" ? "missing" : "altered");
  });

  test("reports the first missing entry, at the beginning and in the middle of the log", async () => {
    await sealed(5);
    await tamper(world, `delete from audit_entries where ${acmeOnly()} and sequence = 3`);
    expect(await verify()).toMatchObject({
      intact: false,
      firstBroken: { sequence: 3, auditId: null, why: "missing" },
    });
    await tamper(world, `delete from audit_entries where ${acmeOnly()} and sequence = 1`);
    expect(await verify()).toMatchObject({ intact: false, firstBroken: { sequence: 1, why: "missing" } });
  });

  test("reports the first of two entries that were swapped as altered", async () => {
    await sealed(5);
    await tamper(
      world,
      `update audit_entries set sequence = -sequence where ${acmeOnly()} and sequence in (2, 4)`,
      `update audit_entries set sequence = 6 + sequence where ${acmeOnly()} and sequence < 0`,
    );
    expect(await verify()).toMatchObject({ intact: false, firstBroken: { sequence: 2, why: "altered" } });
  });

  test("reports a planted entry as altered, even though it has a hash", async () => {
    await sealed(3);
    await tamper(
      world,
      `update audit_entries set sequence = 4 where ${acmeOnly()} and sequence = 3`,
      `insert into audit_entries (audit_id, organization_id, actor_kind, request_id, action, outcome, created_at, sequence, hash)
       values ('aud_planted_${acme.organizationId}', '${acme.organizationId}', 'system', 'req', 'x', 'done', now(), 3, '3:ff')`,
    );
    expect(await verify()).toMatchObject({
      intact: false,
      firstBroken: { sequence: 3, auditId: `aud_planted_${acme.organizationId}`, why: "altered" },
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
    await tamper(world, `delete from audit_entries where ${acmeOnly()} and sequence > 4`);
    expect(await verify()).toMatchObject({ intact: true, entries: 4 });
    expect(await verify(kept)).toMatchObject({ intact: false, firstBroken: { sequence: 5, why: "cut" } });
  });

  test("reveals that the whole log was rewritten with consistent hashes", async () => {
    await sealed(4);
    const kept = await checkpoint();
    const rows = await world.db.asOwner<Record<string, unknown>>(
      `select * from audit_entries where ${acmeOnly()} order by sequence`,
    );
    let previous = "";
    const statements = rows.map((row) => {
      const createdAt = new Date(row.created_at as Date);
      const entry = { ...camelCase(row), createdAt, actorName: "forged" } as SealedEntry;
      previous = entryHash(previous, entry);
      return `update audit_entries set actor_name = 'forged', hash = '${previous}' where audit_id = '${entry.auditId}'`;
    });
    await tamper(world, ...statements);
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

function camelCase(row: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name.replace(/_(.)/g, (_all, letter: string) => letter.toUpperCase()),
      value,
    ]),
  );
}
