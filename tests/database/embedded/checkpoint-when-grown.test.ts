import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PGlite } from "@electric-sql/pglite";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { checkpointWhenGrown } from "#src/database/embedded/checkpoint-when-grown";
import { openEmbedded } from "#src/database/embedded/open-embedded";
import { patienceMs } from "#tests/support/patience";
import { embeddedTemplate } from "#tests/support/test-database";

const MEGABYTE = 1024 * 1024;

let inserted = "";
let database: PGlite;

beforeAll(async () => {
  inserted = mkdtempSync(join(tmpdir(), "portcullis-checkpoint-"));
  const loadDataDir = await embeddedTemplate();
  database = await openEmbedded(join(inserted, "database"), { loadDataDir, flush: () => undefined, lookEveryMs: 5 });
  await database.exec("create role humble; grant usage on schema public to humble; set role humble");
});

afterAll(async () => {
  if (!database.closed) await database.close();
  rmSync(inserted, { recursive: true, force: true });
});

/** Writes this amount of WAL and nothing else. */
async function writeWal(megabytes: number): Promise<void> {
  for (let written = 0; written < megabytes; written += 4) {
    await database.query("select pg_logical_emit_message(true, 'filling', repeat('x', $1))", [4 * MEGABYTE]);
  }
}

const redo = async () =>
  (await database.query<{ at: string }>("select redo_lsn::text as at from pg_control_checkpoint()")).rows[0]?.at;

// The last test closes the database.
describe("checkpoints of the embedded database", { shuffle: false }, () => {
  it("a checkpoint runs once the WAL has grown, even for a role that may not run one, and the role stays", async () => {
    await expect(database.exec("checkpoint")).rejects.toThrow(/permission denied/);
    expect(await checkpointWhenGrown(database, 8 * MEGABYTE)).toBe(false);
    await writeWal(12);
    expect(await checkpointWhenGrown(database, 8 * MEGABYTE)).toBe(true);
    expect(await checkpointWhenGrown(database, 8 * MEGABYTE)).toBe(false);
    expect((await database.query("select current_user::text as name")).rows).toEqual([{ name: "humble" }]);
  });

  it("checkpoints run automatically, so that the size of the WAL stays bounded", async () => {
    for (let round = 0; round < 4; round++) {
      const before = await redo();
      await writeWal(72);
      await vi.waitUntil(async () => (await redo()) !== before, { timeout: patienceMs });
    }
    const segments = readdirSync(join(inserted, "database", "pg_wal")).length; // of 16 MB each; PostgreSQL keeps some of them for reuse
    expect(segments).toBeLessThan(16);
  });

  it("automatic checkpoints end when the database is closed", async () => {
    const looks = vi.spyOn(database, "transaction");
    await vi.waitUntil(() => looks.mock.calls.length > 1, { timeout: patienceMs });
    await database.close();
    const count = looks.mock.calls.length;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(looks.mock.calls.length).toBe(count);
  });
});
