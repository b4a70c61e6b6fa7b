/**
 * A process of its own that loads the database named by its first argument, the way a server does: no handler for
 * what is thrown outside a promise. A unit of work is one row in each of two tables, with one id. Prints, each
 * with the time in ms, `unit` and the id for every unit that was answered, and `heard` for every notification.
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

/** Goes on after its connection was lost, and for long enough for that connection to be another unit's by then. */
async function stubbornUnit(work: TransactionSql, id: number): Promise<void> {
  await work`insert into first_half values (${id})`;
  await work`select pg_sleep(0.05)`.catch(() => delay(150));
  await work`insert into second_half values (${id}, '')`;
}

/** Several statements under way at once. */
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

/** A query alone, at once again after a failure: it may fail, but not wait forever. */
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
