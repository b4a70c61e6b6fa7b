import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openEmbeddedInMemory } from "#src/database/embedded/open-in-memory";
import { applyRepeatableSql, type SqlConnection } from "#src/database/repeatable-sql";
import { embeddedTemplate, projectFolder } from "#tests/support/test-database";

/** Opens a migrated database without rows, with a copy of the applied files. */
async function given() {
  const folder = mkdtempSync(join(tmpdir(), "portcullis-repeatable-"));
  const client = await openEmbeddedInMemory(await embeddedTemplate());
  onTestFinished(async () => {
    await client.close();
    rmSync(folder, { recursive: true });
  });
  await client.exec("reset role");
  cpSync(join(projectFolder, "drizzle"), folder, { recursive: true, filter: (path) => !path.endsWith(".ts") });
  const runs: string[] = [];
  const connection: SqlConnection = {
    run: (statements) => {
      runs.push(statements);
      return client.exec(statements);
    },
    query: async (statement) => (await client.query<{ name: string; digest: string }>(statement)).rows,
  };
  return {
    runs,
    apply: () => applyRepeatableSql(connection, folder),
    edit(name: string, change: (text: string) => string) {
      const path = join(folder, `${name}.sql`);
      writeFileSync(path, change(readFileSync(path, "utf8")));
    },
    count: async (from: string) => (await client.query(`select 1 from ${from}`)).rows.length,
    ask: async (expression: string) =>
      (await client.query<{ answer: unknown }>(`select ${expression} as answer`)).rows[0]?.answer,
  };
}

test("no file is applied again if no text has changed", async () => {
  const { apply, runs } = await given();
  await apply();
  expect(runs).toEqual([]);
});

test("a changed file replaces the previous grants and policies of its table", async () => {
  const { apply, edit, ask, count } = await given();
  const mayRead = (role: string) => ask(`has_table_privilege('${role}', 'limits', 'select')`);
  expect([await mayRead("portcullis_host"), await mayRead("portcullis_retention")]).toEqual([true, false]);
  edit("policies/limits", (text) => text.replaceAll("portcullis_host", "portcullis_retention"));
  await apply();
  expect([await mayRead("portcullis_host"), await mayRead("portcullis_retention")]).toEqual([false, true]);
  expect(await count("pg_policies where tablename = 'limits' and roles = '{portcullis_host}'")).toBe(0);
  expect(await count("pg_policies where tablename = 'limits'")).toBe(2);
});

test("a changed function replaces the previous one and its grants", async () => {
  const { apply, edit, ask } = await given();
  const mayRun = (role: string) => ask(`has_function_privilege('${role}', 'portcullis_organization()', 'execute')`);
  expect([await mayRun("portcullis_gate"), await mayRun("portcullis_sync")]).toEqual([true, true]);
  edit("functions/organization", (text) => text.replace("portcullis_gate, ", "").replace(", '')", ", 'none')"));
  await apply();
  expect([await mayRun("portcullis_gate"), await mayRun("portcullis_sync")]).toEqual([false, true]);
  expect(await ask("set_config('portcullis.organization_id', 'none', false)")).toBe("none");
  expect(await ask("portcullis_organization()")).toBeNull();
});

test("an error in one file leaves all functions and policies unchanged", async () => {
  const { apply, edit, ask, count } = await given();
  const before = await count("repeatable_sql");
  edit("functions/take", () => "create or replace function portcullis_take( broken;");
  edit("policies/limits", (text) => text.replaceAll("portcullis_host", "portcullis_retention"));
  await expect(apply()).rejects.toThrow("syntax error");
  expect(await ask("has_table_privilege('portcullis_host', 'limits', 'select')")).toBe(true);
  expect(await count("repeatable_sql")).toBe(before);
});
