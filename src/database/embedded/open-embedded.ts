import { existsSync, fsyncSync, writeSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { syncFolder, syncTree } from "#src/platform/files/durable-file";
import { keepCheckpointing } from "./checkpoint-when-grown";
import { embeddedEngine } from "./engine";
import { FlushingNodeFs } from "./flushing-node-fs";

export interface EmbeddedOptions {
  /**
   * A dump (`dumpTemplate`) from which a new database is created; otherwise it is empty. Ignored if the database
   * exists.
   */
  readonly loadDataDir?: Blob | File;
  /** Flushes one descriptor to the disk. */
  readonly flush?: (descriptor: number) => void;
  /** Called when a flush fails. By default, it writes one line to standard error and ends the process. */
  readonly onFsyncFailure?: (error: unknown) => void;
  /** How often to check whether a checkpoint is due, in ms. */
  readonly lookEveryMs?: number;
}

/** Bytes of WAL between checkpoints: about 10,000 units of work, and well under a second of recovery. */
const WAL_BETWEEN_CHECKPOINTS = 64 * 1024 * 1024;

/**
 * PGlite's own parameters, without `-F` (which turns fsync off) and with a working flush method: PGlite's `fdatasync`,
 * the default on Linux, is an empty stub.
 */
const DURABLE_START = [
  ...PGlite.defaultStartParams.filter((parameter) => parameter !== "-F"),
  // These are on the command line, because the folder's own configuration files could contain other values.
  ...["fsync=on", "full_page_writes=on", "wal_sync_method=fsync"].flatMap((setting) => ["-c", setting]),
];

/**
 * Opens the embedded database in `folder`, and creates it first if there is none.
 *
 * A confirmed commit survives a power failure: the WAL is flushed at every commit, data files at every checkpoint. The
 * caller holds the lock of the data folder, because two processes on one folder silently lose data.
 * @throws Error if the folder contains something other than a database
 */
export async function openEmbedded(folder: string, options: EmbeddedOptions = {}): Promise<PGlite> {
  const path = resolve(folder);
  if (!existsSync(join(path, "PG_VERSION"))) await makeEmbedded(path, options);
  const database = await start(path, options);
  keepCheckpointing(database, WAL_BETWEEN_CHECKPOINTS, options.lookEveryMs ?? 10_000);
  return database;
}

/**
 * Creates the database next to its final path, flushes all of it, and then moves it to that path in one step. If the
 * process is killed before the move, the next start removes the temporary folder, so there is never half a database.
 */
async function makeEmbedded(path: string, options: EmbeddedOptions): Promise<void> {
  if (existsSync(path) && (await readdir(path)).length > 0) {
    throw new Error(`${path} is not empty and contains no database: move its contents, or set another data folder`);
  }
  const unfinished = `${path}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true, mode: 0o700 });
  const database = await start(unfinished, options, options.loadDataDir);
  await database.close();
  await syncTree(unfinished);
  await rename(unfinished, path);
  await syncFolder(dirname(path));
}

async function start(path: string, options: EmbeddedOptions, loadDataDir?: Blob | File): Promise<PGlite> {
  return PGlite.create({
    ...(await embeddedEngine()),
    fs: new FlushingNodeFs(path, flushOrEnd(options)),
    startParams: DURABLE_START,
    ...(loadDataDir ? { loadDataDir } : {}),
  });
}

function flushOrEnd({ flush = fsyncSync, onFsyncFailure = endProcess }: EmbeddedOptions): (descriptor: number) => void {
  return (descriptor) => {
    try {
      flush(descriptor);
    } catch (error) {
      onFsyncFailure(error);
      throw error;
    }
  };
}

/**
 * After a failed fsync, the contents of the disk are unknown, and a second attempt can succeed without writing anything
 * (Linux marks the pages clean). Only the recovery at the next start can restore a known state, from the WAL.
 */
function endProcess(error: unknown): never {
  writeSync(2, `could not flush the database to the disk; the process ends: ${String(error)}\n`);
  process.exit(1);
}
