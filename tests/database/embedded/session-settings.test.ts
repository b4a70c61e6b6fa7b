import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PGlite } from "@electric-sql/pglite";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rowsOf } from "#src/database/database";
import { openEmbedded } from "#src/database/embedded/open-embedded";
import { embeddedDatabase } from "#src/database/embedded-database";
import { migrateEmbedded } from "#src/database/migrate";
import { sessionSettings, settingsFor } from "#src/database/session-settings";
import { layEmbeddedDatabase } from "#tests/support/embedded-template";
import { hostileSettings } from "#tests/support/hostile-settings";
import { projectFolder } from "#tests/support/test-database";

const inserted = mkdtempSync(join(tmpdir(), "portcullis-embedded-settings-"));
afterAll(() => rmSync(inserted, { recursive: true, force: true }));

const names = sessionSettings.map(({ name }) => name);
const durable = ["fsync", "full_page_writes", "wal_sync_method"] as const;
const folder = join(inserted, "database");
const open = () => openEmbedded(folder, { flush: () => undefined });

async function valuesIn(client: PGlite, settings: readonly string[]): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of settings) {
    const { rows } = await client.query<{ value: string }>(`select current_setting('${name}') as value`);
    found[name] = rows[0]?.value ?? "";
  }
  return found;
}

beforeAll(async () => {
  await layEmbeddedDatabase(inserted);
  // PostgreSQL in single-user mode ignores the settings of ALTER DATABASE and ALTER ROLE. It reads its files only.
  const lines = [
    ...Object.entries(hostileSettings).map(([name, value]) => `${name} = '${value}'`),
    "fsync = off",
    "full_page_writes = off",
  ];
  appendFileSync(join(folder, "postgresql.auto.conf"), `\n${lines.join("\n")}\n`);
});

test("the settings in a data folder are in force until Portcullis overrides them", async () => {
  const client = await open();
  await client.exec("do $$ begin end $$"); // loads PL/pgSQL, which defines its own settings
  const found = await valuesIn(client, names);
  for (const [name, value] of Object.entries(hostileSettings)) {
    // PGlite sets these two with its start parameters.
    if (name === "exit_on_error" || name === "search_path") continue;
    expect([name, found[name]]).toEqual([name, name.endsWith("_timeout") ? `${value}ms` : value]);
  }
  await client.close();
});

test("the embedded database uses the pinned settings, even if its data folder has others", async () => {
  const client = await open();
  expect(await valuesIn(client, durable)).toEqual({ fsync: "on", full_page_writes: "on", wal_sync_method: "fsync" });
  await migrateEmbedded(client, projectFolder);
  expect(await valuesIn(client, names)).toEqual(settingsFor("embedded"));
  const database = await embeddedDatabase(client);
  expect(await valuesIn(client, names)).toEqual(settingsFor("embedded"));
  const inside = await database.transaction("identity", null, async (tx) =>
    rowsOf<{ date: string; isolation: string; writes: string }>(
      await tx.execute(sql`select current_setting('DateStyle') as date, current_setting('transaction_isolation') as isolation,
        current_setting('transaction_read_only') as writes`),
    ),
  );
  expect(inside).toEqual([{ date: "ISO, YMD", isolation: "read committed", writes: "off" }]);
  await database.close();
});
