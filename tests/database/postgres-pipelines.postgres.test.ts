import postgres, { type TransactionSql } from "postgres";
import { afterAll, beforeAll, expect, it } from "vitest";
import { connectionSettings } from "#src/database/session-settings";
import { long } from "../support/length";
import { openTestDatabase, type TestDatabase } from "../support/test-database";

const connections = 16;
/**
 * The number of statements in flight on each connection, around the driver's bound of 100, where BEGIN lost its
 * connection.
 */
const [fewest, most] = [95, 105];
const duration = long(60_000, 3_000);

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
  await database.asOwner("create table public.singles (id int primary key)");
  await database.asOwner("create table public.pairs (id int, half int, transaction_id text, primary key (id, half))");
});
afterAll(async () => {
  await database.asOwner("drop table public.singles, public.pairs");
  await database.close();
});

async function failureOf(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    await promise;
    return null;
  } catch (error) {
    return error;
  }
}

it(
  `no answer is lost or crossed with ${fewest} to ${most} statements in flight on each of ${connections} connections`,
  async () => {
    const url = database.url ?? "";
    const sql = postgres(url, {
      max: connections,
      backoff: () => 0.01,
      onnotice: () => undefined,
      connection: { ...connectionSettings("requests", null), application_name: "pipelines-test" },
    });
    const answered = { singles: new Set<number>(), pairs: new Set<number>() };
    const crossed: string[] = [];
    const failed: unknown[] = [];
    let running = 0;
    let lastId = 0;

    const kinds: readonly ((id: number) => Promise<void>)[] = [
      async (id) => {
        const [row] = await sql.unsafe(`select ${id} as id`);
        if (row?.id !== id) crossed.push(`select ${id}: ${JSON.stringify(row)}`);
      },
      async (id) => {
        const [row] = await sql.unsafe(`insert into singles values (${id}) returning id`);
        if (row?.id !== id) crossed.push(`insert ${id}: ${JSON.stringify(row)}`);
        answered.singles.add(id);
      },
      async (id) => {
        const [row] = await sql.unsafe("select $1::int as id", [id], { prepare: true });
        if (row?.id !== id) crossed.push(`prepared ${id}: ${JSON.stringify(row)}`);
      },
      async (id) => {
        // It cannot be sent, and must not receive the answer of another statement.
        const sent = sql.unsafe("select $1::timestamptz", [new Date(Number.NaN)], { prepare: true });
        if ((await failureOf(sent)) instanceof RangeError === false) crossed.push(`unsendable ${id}`);
      },
    ];
    const insertHalf = (tx: TransactionSql, id: number, half: number) =>
      tx.unsafe(
        `insert into pairs values (${id}, ${half}, pg_current_xact_id()::text) returning transaction_id as xid`,
      );
    const transaction = async (id: number) => {
      const end = new Error("rolled back on purpose");
      const isKept = id % 3 !== 0;
      const unit = sql.begin(async (tx) => {
        const [[first], [second]] = await Promise.all([insertHalf(tx, id, 1), insertHalf(tx, id, 2)]);
        const [third] = await tx.unsafe("select pg_current_xact_id()::text as xid");
        if (new Set([first?.xid, second?.xid, third?.xid]).size !== 1) crossed.push(`transaction ${id}`);
        if (!isKept) throw end;
      });
      if (isKept) {
        await unit;
        answered.pairs.add(id);
      } else {
        if ((await failureOf(unit)) !== end) crossed.push(`rolled back ${id}`);
      }
    };

    await Promise.all(Array.from({ length: connections }, () => sql.unsafe("select pg_sleep(0.05)")));
    const until = Date.now() + duration;
    await new Promise<void>((resolve) => {
      const start = (kind: (id: number) => Promise<void>) => {
        running++;
        kind(++lastId)
          .catch((error: unknown) => failed.push(error))
          .finally(() => {
            running--;
            if (Date.now() < until) setImmediate(fill);
            else if (running === 0) resolve();
          });
      };
      const fill = () => {
        const wanted = connections * (fewest + Math.floor(Math.random() * (most - fewest + 1)));
        // Several start together. Otherwise the kind of the statement that was just answered would fill each pipeline.
        if (Date.now() >= until || running > wanted - connections) return;
        while (running < wanted) start(kinds[lastId % kinds.length] ?? transaction);
        for (let n = 0; n < connections; n++) start(transaction);
      };
      fill();
    });

    expect(failed).toEqual([]);
    expect(crossed).toEqual([]);
    expect(
      await database.asOwner(
        "select pid from pg_stat_activity where application_name = 'pipelines-test' and state like 'idle in transaction%'",
      ),
    ).toEqual([]);
    await sql.end({ timeout: 5 });

    const singles = await database.asOwner<{ id: number }>("select id from public.singles");
    expect(new Set(singles.map(({ id }) => id))).toEqual(answered.singles);
    const pairs = await database.asOwner<{ id: number; halves: number; transactions: number }>(
      "select id, count(*)::int as halves, count(distinct transaction_id)::int as transactions from public.pairs group by id",
    );
    expect(new Set(pairs.map(({ id }) => id))).toEqual(answered.pairs);
    expect(pairs.filter(({ halves, transactions }) => halves !== 2 || transactions !== 1)).toEqual([]);
    expect(answered.singles.size).toBeGreaterThan(0);
    expect(answered.pairs.size).toBeGreaterThan(0);
  },
  long(120_000, 60_000),
);
