import { and, eq, isNotNull, sql } from "drizzle-orm";
import { links } from "../../../drizzle/persons";
import { findRootOrganization } from "../../access/host-work";
import type { Transaction } from "../../database/database";
import { Conflict } from "../../platform/errors";

/** Any number that nobody else locks in this database. */
const setUpLock = 7_402_118_336;

/**
 * Of all who set up an installation at once, by the command line or by a link, lets one at a time look whether it is
 * still to be done.
 * @throws Conflict `already_set_up`, with the way in which it was
 */
export async function requireEmpty(tx: Transaction): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(${setUpLock}::bigint)`);
  if ((await findRootOrganization(tx)) === null) return;
  const used = await tx.$count(links, and(eq(links.purpose, "set_up"), isNotNull(links.usedAt)));
  throw new Conflict(
    "already_set_up",
    `This installation was set up already, ${used > 0 ? "by its set-up link" : 'on the host\'s command line by "setup"'}; "organization create" makes another organization, "key create" another key, "operator reset-password" lets somebody in again.`,
  );
}
