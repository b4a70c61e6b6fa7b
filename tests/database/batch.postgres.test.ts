import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { endWith } from "#src/access/end-with";
import { type Database, rowsOf, type Transaction } from "#src/database/database";
import { openTestDatabase, type TestDatabase } from "../support/test-database";

let test: TestDatabase;
let database: Database;

beforeAll(async () => {
  test = await openTestDatabase();
  database = test.database;
  await test.asOwner("create table public.kept (id int primary key)");
  await test.asOwner("grant insert, select on public.kept to portcullis_host");
});
afterEach(() => test.asOwner("truncate public.kept"));
afterAll(async () => {
  await test.asOwner("drop table public.kept");
  await test.close();
});

const keep = (tx: Transaction, id: number) => tx.execute(sql`insert into public.kept values (${id}::int)`);
const kept = async () => (await test.asOwner<{ id: number }>("select id from kept order by id")).map(({ id }) => id);
const causeOf = async (promise: Promise<unknown>) => {
  const error: unknown = await promise.catch((caught: unknown) => caught);
  return error instanceof Error && (error.cause as { code?: string } | undefined)?.code;
};

it("a batch is committed in its role, and returns the results of its statements", async () => {
  const answers = await database.batch("host", null, 2, async (tx) => {
    const [, rows] = await Promise.all([keep(tx, 1), tx.execute(sql`select current_user::text as role`)]);
    return rowsOf<{ role: string }>(rows);
  });
  expect(answers).toEqual([{ role: "portcullis_host" }]);
  expect(await kept()).toEqual([1]);
});

it("a batch with a failing statement is rejected, and nothing of it is stored", async () => {
  const failing = (...ids: readonly number[]) =>
    database.batch("host", null, 2, (tx) => Promise.all(ids.map((id) => keep(tx, id))));
  await failing(1, 2);
  expect(await causeOf(failing(3, 1))).toBe("23505");
  expect(await causeOf(failing(1, 3))).toBe("23505");
  expect(await kept()).toEqual([1, 2]);
});

it("a batch whose COMMIT fails is rejected with the server's error, and the next batch succeeds", async () => {
  await test.asOwner("create table public.later (id int primary key deferrable initially deferred)");
  await test.asOwner("grant insert, select on public.later to portcullis_host");
  const keepLater = (id: number) =>
    database.batch("host", null, 1, (tx) => tx.execute(sql`insert into public.later values (${id}::int)`));
  await keepLater(1);
  expect(await keepLater(1).catch((error: unknown) => error)).toMatchObject({ code: "23505", query: "commit" });
  await new Promise(setImmediate); // an unhandled rejection would be reported now, and would fail the run
  await keepLater(2);
  await test.asOwner("drop table public.later");
});

/**
 * Has more parameters than prepared statements may have, so that the driver requests their types before it sends
 * values.
 */
const keepMany = (tx: Transaction, from: number) => {
  const rows = Array.from({ length: 500 }, (_, at) => sql`(${from + at}::int)`);
  return tx.execute(sql`insert into public.kept values ${sql.join(rows, sql`, `)}`);
};

it("the last statements of a transaction are committed with it, even if they are large", async () => {
  await database.transaction("host", null, async (tx) => {
    await keep(tx, 5_000);
    await endWith(tx, [keepMany(tx, 0), keep(tx, 4_000), keepMany(tx, 500)]);
  });
  expect(await kept()).toEqual([...Array.from({ length: 1_000 }, (_, id) => id), 4_000, 5_000]);
});

it.each([0, 1, 2])("a transaction whose last statement number %i fails stores nothing", async (failing) => {
  const ending = database.transaction("host", null, async (tx) => {
    await keep(tx, 7_000);
    const statements = [keepMany(tx, 0), keepMany(tx, 500), keepMany(tx, 1_000)];
    await endWith(tx, statements.with(failing, keep(tx, 7_000)));
  });
  expect(await causeOf(ending)).toBe("23505");
  expect(await kept()).toEqual([]);
});

it("a statement beyond the size of a batch is rejected, and does not reach a later transaction", async () => {
  let late: Promise<unknown> = Promise.resolve();
  const batch = database.batch("host", null, 1, async (tx) => {
    await keep(tx, 1);
    late = causeOf(keep(tx, 2));
    await late;
  });
  await batch.catch(() => undefined);
  expect(await late).toBe("TRANSACTION_ENDED");
  await database.transaction("host", null, (tx) => keep(tx, 3));
  expect(await kept()).toEqual([1, 3]);
});

it("a batch that sends fewer statements than announced is committed", async () => {
  await database.batch("host", null, 3, (tx) => keep(tx, 1));
  expect(await kept()).toEqual([1]);
});

it("many concurrent batches and transactions keep their own connections", async () => {
  const ids = Array.from({ length: 200 }, (_, id) => id);
  await Promise.all(
    ids.map((id) =>
      id % 2 === 0
        ? database.batch("host", null, 1, (tx) => keep(tx, id))
        : database.transaction("host", null, (tx) => keep(tx, id)),
    ),
  );
  expect(await kept()).toEqual(ids);
});
