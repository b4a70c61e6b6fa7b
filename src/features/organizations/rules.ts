import { and, eq, isNotNull, sql } from "drizzle-orm";
import { links } from "#drizzle/persons";
import { findRootOrganization } from "#src/access/host-work";
import type { Transaction } from "#src/database/database";
import { Refusal } from "#src/platform/errors/refusal";

/** An arbitrary number that no other advisory lock in this database uses. */
const setUpLock = 7_402_118_336;

/**
 * Checks that the installation is not set up yet. Concurrent set-ups, by the command line or by a link, run this check
 * one after the other.
 * @throws Refusal `already_set_up`, with the way in which it was
 */
export async function requireEmpty(tx: Transaction): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(${setUpLock}::bigint)`);
  if ((await findRootOrganization(tx)) === null) return;
  const used = await tx.$count(links, and(eq(links.purpose, "set_up"), isNotNull(links.usedAt)));
  throw new Refusal("already_set_up", { by: used > 0 ? "link" : "command" });
}
