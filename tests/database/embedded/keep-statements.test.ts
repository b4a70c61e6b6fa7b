import type { PGlite } from "@electric-sql/pglite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { keepStatements } from "#src/database/embedded/keep-statements";
import { openEmbeddedInMemory } from "#src/database/embedded/open-in-memory";
import { embeddedTemplate } from "#tests/support/test-database";

describe("statements that the embedded database keeps", () => {
  let client: PGlite;

  beforeAll(async () => {
    client = keepStatements(await openEmbeddedInMemory(await embeddedTemplate()));
  });
  beforeEach(async () => {
    await client.exec(
      "create table things (id text primary key, at timestamptz, data jsonb, number int, is_red boolean, names text[])",
    );
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await client.exec("drop table if exists things");
  });
  afterAll(() => client.close());

  const insert = "insert into things values ($1, $2, $3, $4, $5, string_to_array($6, ','))";
  const find = "select * from things where id = $1";

  test("a kept statement takes and returns the same values at the first run and at every later run", async () => {
    const at = new Date("2026-01-02T03:04:05Z");
    for (let run = 0; run < 8; run++) {
      await client.query(insert, [`full ${run}`, at, { run, text: "ü ' \\" }, run, run % 2 === 0, "a,b"]);
      await client.query(insert, [`empty ${run}`, null, null, undefined, null, null]);
      expect((await client.query(find, [`full ${run}`])).rows).toEqual([
        { id: `full ${run}`, at, data: { run, text: "ü ' \\" }, number: run, is_red: run % 2 === 0, names: ["a", "b"] },
      ]);
      expect((await client.query(find, [`empty ${run}`], { rowMode: "array" })).rows).toEqual([
        [`empty ${run}`, null, null, null, null, null],
      ]);
      expect(await client.query("delete from things where id = $1", [`full ${run}`])).toMatchObject({
        rows: [],
        affectedRows: 1,
      });
      expect((await client.query(find, [`full ${run}`])).rows).toEqual([]);
    }
  });

  test("a kept statement reaches the database in one message at each run after the first", async () => {
    await client.query(find, ["one"]);
    const sent = vi.spyOn(client, "execProtocolStream");
    await client.query(find, ["two"]);
    await client.transaction((tx) => tx.query(find, ["three"]));
    expect(sent).toHaveBeenCalledTimes(1 + 5); // begin and commit take two each
  });

  test("a failed kept statement rolls back its transaction, and works again afterwards", async () => {
    await client.query(insert, ["one", null, null, 1, true, ""]);
    const twice = client.transaction(async (tx) => {
      await tx.query(insert, ["two", null, null, 2, true, ""]);
      await tx.query(insert, ["one", null, null, 1, true, ""]);
    });
    await expect(twice).rejects.toMatchObject({ code: "23505", constraint: "things_pkey" });
    expect((await client.query(find, ["two"])).rows).toEqual([]);
    await client.query(insert, ["two", null, null, 2, true, ""]);
    expect((await client.query(find, ["two"])).rows).toHaveLength(1);
  });

  test("a statement that could not be parsed is parsed again at the next run", async () => {
    const later = "select name from later where name = $1";
    await expect(client.query(later, ["x"])).rejects.toMatchObject({ code: "42P01" });
    await expect(client.transaction((tx) => tx.query(later, ["x"]))).rejects.toMatchObject({ code: "42P01" });
    await client.exec("create table later (name text)");
    expect((await client.query(later, ["x"])).rows).toEqual([]);
  });

  test("a kept statement obeys the row-level security of the current role", async () => {
    await client.exec(`
      insert into things (id) values ('a'), ('b');
      create role one; create role other; grant select on things to one, other;
      alter table things enable row level security;
      create policy of_one on things to one using (id = 'a');
      create policy of_other on things to other using (id = 'b');
    `);
    const seenBy = (role: string) =>
      client.transaction(async (tx) => {
        await tx.query("select set_config('role', $1, true)", [role]);
        const { rows } = await tx.query<{ id: string }>("select id from things where id > $1", [""]);
        return rows.map(({ id }) => id);
      });
    for (let run = 0; run < 7; run++) {
      expect(await seenBy("one")).toEqual(["a"]);
      expect(await seenBy("other")).toEqual(["b"]);
    }
  });

  test("a kept statement is refused once the database is closed", async () => {
    const other = keepStatements(await openEmbeddedInMemory(await embeddedTemplate()));
    await other.query("select $1::text", ["x"]);
    await other.close();
    await expect(other.query("select $1::text", ["x"])).rejects.toThrow("closed");
  });

  test("a kept statement is refused after the end of its transaction, and waits for other transactions", async () => {
    const finished = await client.transaction(async (tx) => tx);
    await expect(finished.query(find, ["x"])).rejects.toThrow("Transaction is closed");
    await client.query(insert, ["x", null, null, 1, true, ""]);
    const count = "update things set number = number + $1";
    const seen = await Promise.all([
      client.transaction(async (tx) => {
        await tx.query(count, [1]);
        await new Promise((resolve) => setImmediate(resolve));
        return tx.query(find, ["x"]);
      }),
      client.query(count, [1]).then(() => client.query(find, ["x"])),
    ]);
    expect(seen.map(({ rows }) => rows)).toMatchObject([[{ number: 2 }], [{ number: 3 }]]);
  });
});
