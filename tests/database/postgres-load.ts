/**
 * A separate process that uses the database of its first argument in the way of a server: it has no handler for errors
 * that are thrown outside a promise. A unit of work is one row in each of two tables, with one id. The process prints
 * `unit` with the time in ms and the id for every confirmed unit, and `heard` with the time for every notification.
 */
import { setTimeout as delay } from "node:timers/promises";
import postgres, { type TransactionSql } from "postgres";

const CONNECTIONS = 16;
const WORKERS = 24;

const sql = postgres(process.argv[2] ?? "", { max: CONNECTIONS, backoff: () => 0.1, onnotice: () => undefined });
let nextId = 0;
let isEnding = false;

async function plainUnit(work: TransactionSql, id: number): Promise<void> {
  await work`insert into first_half values (${id})`;
  await work`insert into second_half values (${id}, ${"x".repeat(id % 3000)})`;
}

/** Continues after its connection was lost, long enough for another unit to use that connection. */
async function stubbornUnit(work: TransactionSql, id: number): Promise<void> {
  await work`insert into first_half values (${id})`;
  await work`select pg_sleep(0.05)`.catch(() => delay(150));
  await work`insert into second_half values (${id}, '')`;
}

/** Sends several statements at the same time. */
async function pipelinedUnit(work: TransactionSql, id: number): Promise<void> {
  await Promise.all([
    work`insert into first_half values (${id})`,
    work`select generate_series(1, 500)`,
    work`insert into second_half values (${id}, '')`,
  ]);
}

const units = [plainUnit, pipelinedUnit, stubbornUnit];

async function worker(number: number): Promise<void> {
  const unit = units[number % units.length] ?? plainUnit;
  while (!isEnding) {
    const id = ++nextId;
    try {
      await sql.begin((work) => unit(work, id));
      process.stdout.write(`unit ${Date.now()} ${id}\n`);
    } catch {
      await delay(1);
    }
  }
}

/** Repeats a query without a transaction, even after a failure. It may fail, but it must not wait forever. */
async function asker(): Promise<void> {
  while (!isEnding) {
    await sql`select 1 as one, pg_notify('bell', '')`.catch(() => delay(1));
    await delay(5);
  }
}

await sql.listen("bell", () => process.stdout.write(`heard ${Date.now()}\n`));
process.stdin.once("data", () => {
  isEnding = true;
});
process.stdout.write("started\n");
await Promise.all([...Array.from({ length: WORKERS }, (_, number) => worker(number)), asker(), asker()]);
await sql.end();
process.stdin.destroy();
process.stdout.write("ended\n");
