import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readRepeatableFiles } from "#src/database/repeatable-sql";
import { openTestDatabase, projectFolder, type TestDatabase } from "../support/test-database";

const drizzleFolder = join(projectFolder, "drizzle");

let db: TestDatabase;

beforeAll(async () => {
  db = await openTestDatabase();
});
afterAll(() => db.close());

const namesIn = async (statement: string) =>
  (await db.asOwner<{ name: string }>(statement)).map(({ name }) => name).sort();

describe("repeatable SQL", () => {
  test("the files in drizzle/functions are exactly the functions of the database", async () => {
    const files = (await readRepeatableFiles(drizzleFolder)).filter(({ name }) => name.startsWith("functions/"));
    const expected = files.map(({ name }) => `portcullis_${name.slice("functions/".length).replaceAll("-", "_")}`);
    for (const [index, { text }] of files.entries()) {
      expect([...text.matchAll(/create or replace function (\w+)/g)].map(([, name]) => name)).toEqual([
        expected[index],
      ]);
    }
    const found = await namesIn("select proname as name from pg_proc where proname like 'portcullis\\_%'");
    expect(found).toEqual(expected.sort());
  });

  test("the file of a table contains exactly the policies and grants of that table", async () => {
    const files = (await readRepeatableFiles(drizzleFolder)).filter(({ name }) => name.startsWith("policies/"));
    const expected = files.flatMap(({ name, text }) => {
      const table = name.slice("policies/".length).replaceAll("-", "_");
      for (const [, other] of text.matchAll(/ on (\w+)(?= (?:to|for|as))/g))
        expect([name, other]).toEqual([name, table]);
      return [...text.matchAll(/^create policy (\w+)/gm)].map(([, policy]) => `${table}.${policy}`);
    });
    const found = await namesIn("select tablename || '.' || policyname as name from pg_policies");
    expect(found).toEqual(expected.sort());
    const granted = await namesIn(
      `select distinct c.relname as name from pg_class c, aclexplode(c.relacl) a
       where c.relnamespace = 'public'::regnamespace and a.grantee <> c.relowner and c.relkind = 'r'`,
    );
    const stated = files
      .filter(({ text }) => /^grant (?:select|insert|update|delete)(?:,| on)/m.test(text))
      .map(({ name }) => name.slice("policies/".length).replaceAll("-", "_"));
    expect(stated.filter((table) => !granted.includes(table))).toEqual([]);
    expect(
      granted.filter((table) => !files.some(({ name }) => name.endsWith(`/${table.replaceAll("_", "-")}`))),
    ).toEqual([]);
  });

  test("no function can be executed by PUBLIC", async () => {
    const open = await namesIn(
      `select p.proname as name from pg_proc p where p.proname like 'portcullis\\_%'
       and (p.proacl is null or exists (select 1 from aclexplode(p.proacl) a where a.grantee = 0))`,
    );
    expect(open).toEqual([]);
  });

  test("every function that runs as its owner has a fixed search_path", async () => {
    const unfixed = await namesIn(
      `select p.proname as name from pg_proc p where p.prosecdef and p.proname like 'portcullis\\_%'
       and not coalesce(p.proconfig::text like '%search_path=public, pg_temp%', false)`,
    );
    expect(unfixed).toEqual([]);
  });
});
