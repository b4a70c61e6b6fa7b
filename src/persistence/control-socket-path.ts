import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";

/** Bytes. The kernel's limit is 107 on Linux and 103 on macOS, and a claim needs names two bytes longer. */
const LONGEST_PATH = 100;

/** The data folder cannot be used as it is; the message is one line that says what to do. */
export class DataFolderUnusable extends Error {
  override readonly name = "DataFolderUnusable";
}

/**
 * Where the control socket of a data folder is.
 * @throws DataFolderUnusable the path is longer than a socket's can be
 */
export function controlSocketPath(dataFolder: string): string {
  const path = join(resolve(dataFolder), "control.sock");
  const length = Buffer.byteLength(path);
  if (length <= LONGEST_PATH) return path;
  throw new DataFolderUnusable(
    `${path} is ${length} bytes long, and a socket's path may have ${LONGEST_PATH}: set PORTCULLIS_DATA to a shorter path`,
  );
}

/**
 * Makes a data folder (0700) where there is none.
 * @throws DataFolderUnusable it cannot be made, or is no folder
 */
export async function makeDataFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw unusable(folder, error);
  }
}

/** What to say of a folder in which this user cannot make what it needs. */
export function unusable(folder: string, error: unknown): DataFolderUnusable {
  const code = error instanceof Error && "code" in error ? error.code : "unknown";
  return new DataFolderUnusable(
    `${folder} cannot be used (${code}): set PORTCULLIS_DATA to a folder that this user may write to`,
  );
}
