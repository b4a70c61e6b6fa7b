import { randomBytes } from "node:crypto";
import { type FileHandle, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

/**
 * Writes a whole file atomically and durably. After a power cut it contains either its old or its new text, and the new
 * text after this function has returned: a temporary file in the same folder, fsync, rename, fsync of the folder.
 * @param mode the exact permission bits (the umask is ignored)
 * @throws the file system's own error; the old file is then unchanged and the temporary file removed
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
 * Creates a file and flushes its content, but not the entry in its folder.
 * @param group the numeric group of the file; by default, the group of its folder or of this process
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

/** Flushes a folder's entries, so that created, renamed and removed files survive a power cut. */
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
