import pino from "pino";
import { expect, it, vi } from "vitest";
import type { Database } from "../../src/database/database";
import { startIdentitySweeper } from "../../src/main/identity-sweeper";
import { patienceMs } from "../support/patience";

/** Pauses that end when the test says so. */
function pauses() {
  const delays: number[] = [];
  let goOn: () => void = () => undefined;
  const pause = (ms: number, signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      delays.push(ms);
      goOn = resolve;
      signal.addEventListener("abort", () => resolve());
    });
  return { delays, pause, goOn: () => goOn() };
}

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
  const { delays, pause, goOn } = pauses();
  const sweeper = startIdentitySweeper({ database, clock, log: pino({ level: "silent" }) }, pause);
  await vi.waitFor(() => expect(delays).toEqual([3_600_000]), { timeout: patienceMs });
  const once = asked();
  expect(once).toBeGreaterThan(0);
  goOn();
  await vi.waitFor(() => expect(delays).toEqual([3_600_000, 3_600_000]), { timeout: patienceMs });
  expect(asked()).toBe(2 * once);
  await sweeper.stop();
  expect(asked()).toBe(2 * once);
});

it("a database that is away is asked again in an hour (TM-8)", async () => {
  const { database, asked } = emptyDatabase(1);
  const { delays, pause, goOn } = pauses();
  const sweeper = startIdentitySweeper({ database, clock, log: pino({ level: "silent" }) }, pause);
  await vi.waitFor(() => expect(delays).toHaveLength(1), { timeout: patienceMs });
  expect(asked()).toBe(1);
  goOn();
  await vi.waitFor(() => expect(delays).toHaveLength(2), { timeout: patienceMs });
  expect(asked()).toBeGreaterThan(1);
  await sweeper.stop();
});
