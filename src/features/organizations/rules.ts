import { and, eq, isNotNull, sql } from "drizzle-orm";
import { links } from "../../../drizzle/persons";
import { findRootOrganization } from "../../access/host-work";
import type { Transaction } from "../../database/database";
import { Refusal } from "../../platform/errors/refusal";

/** Any number that nobody else locks in this database. */
const setUpLock = 7_402_118_336;

/**
 * Of all who set up an installation at once, by the command line or by a link, lets one at a time look whether it is
 * still to be done.
 * @throws Refusal `already_set_up`, with the way in which it was
 */
export async function requireEmpty(tx: Transaction): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(${setUpLock}::bigint)`);
  if ((await findRootOrganization(tx)) === null) return;
  const used = await tx.$count(links, and(eq(links.purpose, "set_up"), isNotNull(links.usedAt)));
  throw new Refusal("already_set_up", { by: used > 0 ? "link" : "command" });
}
