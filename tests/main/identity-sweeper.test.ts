import pino from "pino";
import { expect, it, vi } from "vitest";
import type { Database } from "#src/database/database";
import { startIdentitySweeper } from "#src/main/identity-sweeper";
import { patienceMs } from "../support/patience";

/** Pauses that end when the test calls `resume`. */
function controlledPauses() {
  const delays: number[] = [];
  let endPause: () => void = () => undefined;
  const pause = (ms: number, signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      delays.push(ms);
      endPause = resolve;
      signal.addEventListener("abort", () => resolve());
    });
  return { delays, pause, resume: () => endPause() };
}

/** A database without expired rows. The first transactions fail, as many as `failures`. */
function emptyDatabase(failures = 0) {
  let transactions = 0;
  const transaction = async () => {
    transactions += 1;
    if (transactions <= failures) throw new Error("the database is unavailable");
    return [];
  };
  const database = { transaction } as Pick<Database, "transaction"> as Database;
  return { database, transactions: () => transactions };
}

const clock = { now: () => new Date("2026-11-20T10:00:00Z") };

it("the sweeper removes expired rows at the start and then every hour (TM-8, AM-8)", async () => {
  const { database, transactions } = emptyDatabase();
  const { delays, pause, resume } = controlledPauses();
  const sweeper = startIdentitySweeper({ database, clock, log: pino({ level: "silent" }) }, pause);
  await vi.waitFor(() => expect(delays).toEqual([3_600_000]), { timeout: patienceMs });
  const perSweep = transactions();
  expect(perSweep).toBeGreaterThan(0);
  resume();
  await vi.waitFor(() => expect(delays).toEqual([3_600_000, 3_600_000]), { timeout: patienceMs });
  expect(transactions()).toBe(2 * perSweep);
  await sweeper.stop();
  expect(transactions()).toBe(2 * perSweep);
});

it("the sweeper tries again after an hour if the database is unavailable (TM-8)", async () => {
  const { database, transactions } = emptyDatabase(1);
  const { delays, pause, resume } = controlledPauses();
  const sweeper = startIdentitySweeper({ database, clock, log: pino({ level: "silent" }) }, pause);
  await vi.waitFor(() => expect(delays).toHaveLength(1), { timeout: patienceMs });
  expect(transactions()).toBe(1);
  resume();
  await vi.waitFor(() => expect(delays).toHaveLength(2), { timeout: patienceMs });
  expect(transactions()).toBeGreaterThan(1);
  await sweeper.stop();
});
