import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { asSync } from "#src/database/as-sync";
import type { Database, Transaction } from "#src/database/database";
import { openPostgres } from "#src/database/postgres-database";
import { openTestDatabase, type TestDatabase } from "../support/test-database";

let test: TestDatabase;
const opened: Database[] = [];

beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(async () => {
  await Promise.all(opened.map((database) => database.close()));
  await test.close();
});

function open(connections: number): Database {
  const database = openPostgres(test.url ?? "", connections);
  opened.push(database);
  return database;
}

const pid = async (tx: Transaction) => {
  const [row] = (await tx.execute(sql`select pg_backend_pid() as pid`)) as unknown as { pid: number }[];
  return row?.pid ?? 0;
};

it.each([
  [16, 13, 3],
  [8, 6, 2],
  [4, 3, 1],
])(
  "of %i connections, %i serve requests and %i are reserved for the sync",
  async (connections, forRequests, forSync) => {
    const database = open(connections);
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const pids = { requests: new Set<number>(), sync: new Set<number>() };
    const hold = (of: Set<number>) => async (tx: Transaction) => {
      of.add(await pid(tx));
      await held;
    };
    // More than the pool has connections for, so that each part of it is full and has a queue.
    const requests = Array.from({ length: connections + 5 }, () =>
      database.transaction("host", null, hold(pids.requests)),
    );
    const syncs = Array.from({ length: forSync }, () => asSync(database, hold(pids.sync)));
    await expect.poll(() => [pids.requests.size, pids.sync.size]).toEqual([forRequests, forSync]);
    release();
    await Promise.all([...requests, ...syncs]);
    expect([...pids.sync].filter((one) => pids.requests.has(one))).toEqual([]);
  },
);

it("requests and the sync share a pool of fewer than four connections", async () => {
  const database = open(1);
  const pids = await Promise.all([asSync(database, pid), database.transaction("host", null, pid)]);
  expect(new Set(pids).size).toBe(1);
});
