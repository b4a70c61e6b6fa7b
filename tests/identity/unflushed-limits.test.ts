import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Database } from "#src/database/database";
import { openEmbedded } from "#src/database/embedded/open-embedded";
import { embeddedDatabase } from "#src/database/embedded-database";
import { limits, take } from "#src/identity/limits";
import { embeddedTemplate } from "../support/test-database";

let folder = "";
let database: Database;
let flushes = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "portcullis-unflushed-"));
  const options = { loadDataDir: await embeddedTemplate(), flush: () => void flushes++ };
  database = await embeddedDatabase(await openEmbedded(join(folder, "database"), options));
});
afterAll(async () => {
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

test("counting and forgiving sign-in attempts does not flush the disk, and other commits still do", async () => {
  const runtime = { database, clock: { now: () => new Date() } };
  flushes = 0;
  const taken = await take(runtime, limits.failuresByAccount, "usr_1");
  for (let number = 2; number < 10; number++) await take(runtime, limits.failuresByAccount, `usr_${number}`);
  await taken.forgive();
  expect(flushes).toBe(0);
  await database.transaction("host", null, (tx) => tx.execute(sql`delete from limits`));
  expect(flushes).toBe(1);
});
