import type { PGlite } from "@electric-sql/pglite";

/**
 * Creates a checkpoint if at least `bytes` of WAL were written since the last one.
 *
 * PGlite is PostgreSQL in single-user mode, which creates no checkpoint while it runs, regardless of `max_wal_size`
 * (measured: none after 2.3 GB of WAL). Without this, the WAL grows until the disk is full, and recovery takes longer
 * and longer.
 * @returns whether it created one
 */
export function checkpointWhenGrown(database: PGlite, bytes: number): Promise<boolean> {
  return database.transaction(async (work) => {
    await work.exec("set local role none"); // a session that has given up its rights may not create checkpoints
    const { rows } = await work.query<{ grown: boolean }>(
      "select pg_wal_lsn_diff(pg_current_wal_lsn(), redo_lsn) >= $1 as grown from pg_control_checkpoint()",
      [bytes],
    );
    const grown = rows[0]?.grown === true;
    if (grown) await work.exec("checkpoint");
    return grown;
  });
}

/** Checks every `everyMs` milliseconds until the database is closed. */
export function keepCheckpointing(database: PGlite, bytes: number, everyMs: number): void {
  const look = () => {
    checkpointWhenGrown(database, bytes).catch(() => undefined); // the disk is full, or the database is closing: the next check tries again
  };
  const timer = setInterval(look, everyMs).unref();
  const close = database.close.bind(database);
  database.close = () => {
    clearInterval(timer);
    return close();
  };
}
