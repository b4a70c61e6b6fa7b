import type { setTimeout as Delay } from "node:timers/promises";
import pino from "pino";
import { afterEach, expect, it, vi } from "vitest";
import type { Database } from "../../src/persistence/database";
import { startIdentitySweeper } from "../../src/server/identity-sweeper";

const delays: number[] = [];
let goOn: () => void = () => undefined;

vi.mock("node:timers/promises", () => {
  const setTimeout: typeof Delay = (ms, value, options) =>
    new Promise((resolve, reject) => {
      delays.push(ms ?? 0);
      goOn = () => resolve(value as never);
      options?.signal?.addEventListener("abort", () => reject(new Error("stopped")));
    });
  return { setTimeout };
});

afterEach(() => void delays.splice(0));

/** A database where nothing has ended; the first so many transactions fail. */
function emptyDatabase(failures = 0) {
  let asked = 0;
  const transaction = async () => {
    asked += 1;
    if (asked <= failures) throw new Error("the database is away");
    return [];
  };
  const database = { transaction } as Pick<Database, "transaction"> as Database;
  return { database, asked: () => asked };
}

const clock = { now: () => new Date("2026-11-20T10:00:00Z") };

it("what has ended is removed at the start, and every hour from then on (TM-8, AM-8)", async () => {
  const { database, asked } = emptyDatabase();
  const sweeper = startIdentitySweeper({ database, clock, log: pino({ level: "silent" }) });
  await vi.waitFor(() => expect(delays).toEqual([3_600_000]));
  const once = asked();
  expect(once).toBeGreaterThan(0);
  goOn();
  await vi.waitFor(() => expect(delays).toEqual([3_600_000, 3_600_000]));
  expect(asked()).toBe(2 * once);
  await sweeper.stop();
  expect(asked()).toBe(2 * once);
});

it("a database that is away is asked again in an hour (TM-8)", async () => {
  const { database, asked } = emptyDatabase(1);
  const sweeper = startIdentitySweeper({ database, clock, log: pino({ level: "silent" }) });
  await vi.waitFor(() => expect(delays).toHaveLength(1));
  expect(asked()).toBe(1);
  goOn();
  await vi.waitFor(() => expect(delays).toHaveLength(2));
  expect(asked()).toBeGreaterThan(1);
  await sweeper.stop();
});
