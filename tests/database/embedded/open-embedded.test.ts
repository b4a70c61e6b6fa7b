import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PGlite } from "@electric-sql/pglite";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openEmbedded } from "#src/database/embedded/open-embedded";
import { isFull } from "#tests/support/length";
import { patienceMs } from "#tests/support/patience";
import { type ScriptProcess, startScript } from "#tests/support/script-process";
import { embeddedTemplate } from "#tests/support/test-database";
import { FlushedImage } from "./flushed-image";

const LOAD = join(import.meta.dirname, "..", "embedded-load.ts");

let inserted = "";
let ready = "";
let template: Blob | File;

beforeAll(async () => {
  inserted = mkdtempSync(join(tmpdir(), "portcullis-embedded-"));
  template = await embeddedTemplate();
  ready = join(inserted, "ready");
  await (await openEmbedded(ready, { loadDataDir: template, flush: () => undefined })).close();
});

afterAll(() => rmSync(inserted, { recursive: true, force: true }));

/** Returns a new database for a test that does not depend on its creation. A plain copy is the fastest. */
function copyOfTemplate(name: string): string {
  const folder = join(inserted, name);
  cpSync(ready, folder, { recursive: true });
  return folder;
}

const idsIn = async (database: PGlite) =>
  (await database.query<{ id: number }>("select id from kept order by id")).rows.map((row) => row.id);

describe.skipIf(process.platform !== "linux")("flushes of the embedded database", () => {
  it("each commit flushes the WAL once, and a checkpoint flushes data files and the control file", async () => {
    const folder = copyOfTemplate("counted");
    const image = new FlushedImage(folder);
    const database = await openEmbedded(folder, { flush: image.flush });
    const flushesOf = async (statements: string) => {
      image.flushed.length = 0;
      await database.exec(statements);
      return [...image.flushed];
    };
    await database.exec("create table kept (id int primary key)");
    const path = (await database.query<{ path: string }>("select pg_relation_filepath('kept') as path")).rows[0]?.path;

    for (let id = 0; id < 20; id++) {
      const flushed = await flushesOf(`insert into kept values (${id})`);
      expect(flushed).toEqual([expect.stringMatching(/^pg_wal\/[0-9A-F]{24}$/)]);
    }
    expect(await flushesOf("select * from kept")).toEqual([]);
    expect(await flushesOf("begin; insert into kept values (100); rollback")).toEqual([]);
    const atCheckpoint = await flushesOf("checkpoint");
    expect(atCheckpoint).toContain(path);
    expect(atCheckpoint).toContain("global/pg_control");
    await database.close();
  });

  it("a new database flushes its whole folder", async () => {
    const probe = await open(import.meta.filename, "r");
    const sync = vi.spyOn(Object.getPrototypeOf(probe), "sync");
    await probe.close();
    const folder = join(inserted, "new");
    const database = await openEmbedded(folder, { loadDataDir: template });
    expect(sync.mock.calls.length).toBeGreaterThan(readdirSync(folder, { recursive: true }).length - 10);
    sync.mockRestore();
    await database.close();
  });

  it("the state after a power failure contains every confirmed write", async () => {
    const folder = copyOfTemplate("cut");
    const image = new FlushedImage(folder);
    const database = await openEmbedded(folder, { flush: image.flush });
    const answered: number[] = [];
    const keep = async (count: number, filling = 10) => {
      for (let more = 0; more < count; more++) {
        const id = answered.length;
        await database.query("insert into kept values ($1, repeat('x', $2))", [id, filling]);
        answered.push(id);
      }
    };
    const moments: Record<string, () => Promise<unknown>> = {
      // Stored uncompressed, because the text must fill several WAL segments.
      "after a new table": () =>
        database.exec(
          "create table kept (id int primary key, filling text); alter table kept alter filling set storage external",
        ),
      "after commits": () => keep(20),
      "after a checkpoint and more commits": () => database.exec("checkpoint").then(() => keep(5)),
      "after pages written twice": () => database.exec("update kept set filling = 'y'").then(() => keep(5)),
      "after several WAL segments": () => keep(6, 6_000_000),
      "after WAL segments used again": () => database.exec("checkpoint; checkpoint").then(() => keep(4, 6_000_000)),
      "after a table rewritten": () => database.exec("vacuum full kept").then(() => keep(3)),
    };
    // Each moment starts a database. The last one includes the earlier ones.
    const inShort = new Set(["after a table rewritten"]);
    for (const [moment, work] of Object.entries(moments)) {
      await work();
      if (!isFull && !inShort.has(moment)) continue;
      const left = join(inserted, `left-${moment.replaceAll(" ", "-")}`);
      image.writeTo(left);
      const restored = await openEmbedded(left, { flush: () => undefined });
      expect(await idsIn(restored), moment).toEqual(answered);
      await restored.close();
      rmSync(left, { recursive: true });
    }
    const segments = image.flushed.filter((path) => path.startsWith("pg_wal/0"));
    expect(new Set(segments).size).toBeGreaterThan(3);
    await database.close();
  });

  it("a failed flush ends the process with one line, before it confirms another write", async () => {
    const folder = copyOfTemplate("broken");
    const load = startScript(LOAD, folder, "broken-disk");
    expect([await load.nextLine(), await load.nextLine(), await load.nextLine()]).toEqual(["started", "1", null]);
    expect(await load.ended).toBe(1);
    expect(load.errors()).toBe(
      "could not flush the database to the disk; the process ends: Error: EIO: i/o error, fsync\n",
    );
  });
});

describe("the embedded database", () => {
  it("the embedded database loses no confirmed write when its process is killed at any moment", async () => {
    const folder = copyOfTemplate("killed");
    const answered: number[] = [];
    for (const answers of isFull ? [1, 49, 220] : [1, 49]) {
      const load = startScript(LOAD, folder);
      expect(await load.nextLine(), load.errors()).toBe("started");
      for (let line = 0; line < answers; line++) answered.push(Number(await load.nextLine()));
      load.kill("SIGKILL");
      answered.push(...(await restOf(load)));
    }
    const database = await openEmbedded(folder);
    const { rows } = await database.query<{ first: number | null; second: number | null }>(
      "select f.id as first, s.id as second from first_half f full join second_half s on f.id = s.id",
    );
    await database.close();
    expect(rows.filter((row) => row.first === null || row.second === null)).toEqual([]);
    const stored = new Set(rows.map((row) => row.first));
    expect(answered.length).toBeGreaterThanOrEqual(isFull ? 270 : 50);
    expect(answered.filter((id) => !stored.has(id))).toEqual([]);
  });

  it("the embedded database is created again if the process that was creating it was killed", async () => {
    const folder = join(inserted, "half-made");
    const load = startScript(LOAD, folder);
    await vi.waitUntil(() => existsSync(join(`${folder}.unfinished`, "PG_VERSION")), {
      timeout: patienceMs,
      interval: 1,
    });
    load.kill("SIGKILL");
    await load.ended;
    expect(existsSync(folder)).toBe(false);
    const database = await openEmbedded(folder, { loadDataDir: template, flush: () => undefined });
    expect((await database.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
    await database.close();
    expect(existsSync(`${folder}.unfinished`)).toBe(false);
  });

  it("the embedded database is not created in a folder with other files", async () => {
    const folder = join(inserted, "papers");
    mkdirSync(folder);
    writeFileSync(join(folder, "letter.txt"), "");
    await expect(openEmbedded(folder)).rejects.toThrow(`${folder} is not empty and contains no database`);
    expect(readdirSync(folder)).toEqual(["letter.txt"]);
  });
});

/** Reads the remaining output of a killed process. */
async function restOf(load: ScriptProcess): Promise<number[]> {
  const ids: number[] = [];
  for (let line = await load.nextLine(); line !== null; line = await load.nextLine()) ids.push(Number(line));
  return ids;
}
