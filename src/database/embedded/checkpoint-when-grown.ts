import type { PGlite } from "@electric-sql/pglite";

/**
 * Makes a checkpoint if at least `bytes` of WAL were written since the last one.
 *
 * PGlite is PostgreSQL in single-user mode, which makes none by itself while it runs, whatever `max_wal_size` says
 * (measured: 2.3 GB of WAL, none), so that the WAL grows until the disk is full and a recovery takes ever longer.
 * @returns whether it made one
 */
export function checkpointWhenGrown(database: PGlite, bytes: number): Promise<boolean> {
  return database.transaction(async (work) => {
    await work.exec("set local role none"); // a session that gave up its rights may not make checkpoints
    const { rows } = await work.query<{ grown: boolean }>(
      "select pg_wal_lsn_diff(pg_current_wal_lsn(), redo_lsn) >= $1 as grown from pg_control_checkpoint()",
      [bytes],
    );
    const grown = rows[0]?.grown === true;
    if (grown) await work.exec("checkpoint");
    return grown;
  });
}

/** Looks every `everyMs` milliseconds until the database is closed. */
export function keepCheckpointing(database: PGlite, bytes: number, everyMs: number): void {
  const look = () => {
    checkpointWhenGrown(database, bytes).catch(() => undefined); // a full disk, or closing: the next look tries again
  };
  const timer = setInterval(look, everyMs).unref();
  const close = database.close.bind(database);
  database.close = () => {
    clearInterval(timer);
    return close();
  };
}
