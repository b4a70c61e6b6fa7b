import { inArray, or, type SQL, sql } from "drizzle-orm";
import type { PgColumn, PgTable } from "drizzle-orm/pg-core";
import { challenges, limits, links, sessions } from "#drizzle/persons";
import type { Runtime } from "../access/runtime";
import { passedInSql, reachedInSql } from "../database/moments-in-sql";
import { later } from "../platform/moment";

/** Rows of one transaction. On the embedded database no transaction takes longer than 50 ms. */
const rowsPerTransaction = 500;

/** How long an ended link still shows why it ended, in milliseconds: seven days. */
const linkRetentionMs = 7 * 24 * 3_600_000;

/** One table, the key of its rows, and the condition for rows that have expired. */
interface Sweep {
  readonly table: PgTable;
  readonly key: PgColumn;
  readonly over: (now: Date) => SQL | undefined;
}

const sweeps: readonly Sweep[] = [
  {
    table: sessions,
    key: sessions.sessionId,
    over: (now) => {
      const idleEnd = sql`(${sessions.lastSeenAt} + make_interval(secs => ${sessions.idleSeconds}))`;
      return or(passedInSql(sessions.expiresAt, now), passedInSql(idleEnd, now));
    },
  },
  { table: challenges, key: challenges.hash, over: (now) => passedInSql(challenges.expiresAt, now) },
  { table: links, key: links.linkId, over: (now) => passedInSql(links.expiresAt, later(now, -linkRetentionMs)) },
  { table: limits, key: limits.key, over: (now) => reachedInSql(limits.expiresAt, now) },
];

/**
 * Deletes expired sessions, challenges, links and counted attempts. They had no effect any longer. It deletes a few
 * rows at a time, so that no request waits for it.
 * @returns the number of deleted rows
 */
export async function sweepIdentity(
  { database, clock }: Pick<Runtime, "database" | "clock">,
  over: AbortSignal,
): Promise<number> {
  let swept = 0;
  for (const { table, key, over: isOver } of sweeps) {
    while (!over.aborted) {
      const removed = await database.transaction("identity", null, (tx) => {
        const old = tx.select({ key }).from(table).where(isOver(clock.now())).limit(rowsPerTransaction);
        return tx.delete(table).where(inArray(key, old)).returning({ key });
      });
      swept += removed.length;
      if (removed.length < rowsPerTransaction) break;
    }
  }
  return swept;
}
