import { randomBytes } from "node:crypto";
import { type FileHandle, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

/**
 * Writes a whole file so that after a power cut it holds either its old or its new text, and the new one once
 * this has returned: a temporary file in the same folder, fsync, rename, fsync of the folder.
 * @param mode permission bits, given exactly (the umask has no say)
 * @throws the file system's own error; the old file is then untouched and the temporary one removed
 */
export async function writeDurably(path: string, text: string | Uint8Array, mode: number): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    await writeFlushed(temporary, text, mode);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/**
 * Makes a new file and flushes its content; the folder's entry is not flushed yet.
 * @param group the numeric group that the file is given to; its folder's or this process's own without
 * @throws `EEXIST` the file exists
 */
export async function writeFlushed(
  path: string,
  text: string | Uint8Array,
  mode: number,
  group?: number,
): Promise<void> {
  await withHandle(await open(path, "wx", mode), async (file) => {
    await file.chmod(mode);
    if (group !== undefined) await file.chown(process.geteuid?.() ?? -1, group);
    await file.writeFile(text);
    await file.sync();
  });
}

/** Flushes a folder's entries: files made, renamed or removed in it stay so after a power cut. */
export async function syncFolder(path: string): Promise<void> {
  await withHandle(await open(path, "r"), (folder) => folder.sync());
}

/** Flushes every file and folder below `path`, and `path` itself; symbolic links are not followed. */
export async function syncTree(path: string): Promise<void> {
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) await syncTree(child);
    else if (entry.isFile()) await syncFile(child);
  }
  await syncFolder(path);
}

async function syncFile(path: string): Promise<void> {
  await withHandle(await open(path, "r"), (file) => file.sync());
}

async function withHandle<T>(handle: FileHandle, work: (handle: FileHandle) => Promise<T>): Promise<T> {
  try {
    return await work(handle);
  } finally {
    await handle.close();
  }
}
