import { inject, vi } from "vitest";
import type { Transaction } from "#src/database/database";
import { patienceMs } from "./patience";
import type { World } from "./world";

/** Checks whether two transactions can run at the same time. The embedded database runs one after the other. */
export const runsSideBySide = (): boolean => Boolean(inject("clusterUrl"));

/**
 * Starts `other` while `first` is not committed yet, and commits `first` once `other` waits for it.
 * @param role the database role of `first`
 */
export async function besideUncommitted<T>(
  world: World,
  organizationId: string,
  first: (tx: Transaction) => Promise<unknown>,
  other: () => Promise<T>,
  role: "tenant" | "host" = "tenant",
): Promise<T> {
  let running: Promise<T> | undefined;
  await world.runtime.database.transaction(role, organizationId, async (tx) => {
    await first(tx);
    running = other();
    running.catch(() => undefined); // it may fail before it is awaited below
    await vi.waitUntil(async () => (await waiting(world)) > 0, { timeout: patienceMs, interval: 10 });
  });
  if (running === undefined) throw new Error("the first transaction never ran");
  return running;
}

/** Returns how many statements wait for a lock now. */
export async function waiting(world: World): Promise<number> {
  const rows = await world.db.asOwner(
    `select 1 as one from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return rows.length;
}
