import { existsSync, fsyncSync, writeSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { syncFolder, syncTree } from "../../platform/files/durable-file";
import { keepCheckpointing } from "./checkpoint-when-grown";
import { embeddedEngine } from "./engine";
import { FlushingNodeFs } from "./flushing-node-fs";

export interface EmbeddedOptions {
  /** A dump (`dumpTemplate`) to make a new database from; without it an empty one is made. Ignored for one that exists. */
  readonly loadDataDir?: Blob | File;
  /** Flushes one descriptor to the disk. */
  readonly flush?: (descriptor: number) => void;
  /** What happens when a flush fails: by default one line on standard error, and the process ends. */
  readonly onFsyncFailure?: (error: unknown) => void;
  /** How often it is looked whether a checkpoint is due, in milliseconds. */
  readonly lookEveryMs?: number;
}

/** Bytes of WAL between checkpoints: some 10,000 units of work, and well under a second of recovery. */
const WAL_BETWEEN_CHECKPOINTS = 64 * 1024 * 1024;

/**
 * PGlite's own parameters, but for `-F` (which turns fsync off) and with a way of flushing that exists:
 * PGlite's `fdatasync`, the default on Linux, is an empty stub.
 */
const DURABLE_START = [
  ...PGlite.defaultStartParams.filter((parameter) => parameter !== "-F"),
  // On the command line, because the folder's own configuration files could say otherwise.
  ...["fsync=on", "full_page_writes=on", "wal_sync_method=fsync"].flatMap((setting) => ["-c", setting]),
];

/**
 * Opens the embedded database in `folder`, making it first where there is none.
 *
 * What a commit has answered survives a power cut: the WAL is flushed at every commit, data files at every
 * checkpoint. The caller holds the lock of the data folder: two processes on one folder lose data silently.
 * @throws Error the folder holds other things than a database
 */
export async function openEmbedded(folder: string, options: EmbeddedOptions = {}): Promise<PGlite> {
  const path = resolve(folder);
  if (!existsSync(join(path, "PG_VERSION"))) await makeEmbedded(path, options);
  const database = await start(path, options);
  keepCheckpointing(database, WAL_BETWEEN_CHECKPOINTS, options.lookEveryMs ?? 10_000);
  return database;
}

/**
 * Makes the database beside its final place, flushes all of it, and then moves it there in one step: a process
 * that is killed meanwhile leaves a folder that the next start removes, never half a database.
 */
async function makeEmbedded(path: string, options: EmbeddedOptions): Promise<void> {
  if (existsSync(path) && (await readdir(path)).length > 0) {
    throw new Error(`${path} is not empty and holds no database: move what is in it, or name another data folder`);
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
 * After a failed fsync nobody knows what is on the disk, and a second try can succeed without having written
 * anything (Linux marks the pages clean). The log in the next start's recovery does know.
 */
function endProcess(error: unknown): never {
  writeSync(2, `the database could not be flushed to the disk, ending: ${String(error)}\n`);
  process.exit(1);
}
