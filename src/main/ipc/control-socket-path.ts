import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { octal } from "#src/platform/files/folder-rule";
import { makeFolder, NotOurs, reasonOf, withOwnFolder } from "#src/platform/files/own-folder";

/**
 * The maximum path length in bytes. The kernel's limit is 107 on Linux and 103 on macOS, and a claim needs names that
 * are two bytes longer.
 */
const LONGEST_PATH = 100;

/** The data folder cannot be used as it is; the message is one line that says what to do. */
export class DataFolderUnusable extends Error {
  override readonly name = "DataFolderUnusable";
}

/**
 * Returns the path of a data folder's control socket.
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
 * Creates a data folder (0700) if it is missing, and checks that this process may use it. An empty folder with write
 * access for others is closed to them; a folder with content is refused, because it may be a user's home.
 * @throws DataFolderUnusable it cannot be created, is not a folder, belongs to another user, or is open to others
 */
export async function makeDataFolder(folder: string, { closed = 0o022 }: { readonly closed?: number } = {}) {
  try {
    await makeFolder(folder, 0o700);
    await withOwnFolder(folder, async (open, { kind, mode }) => {
      if (kind === "shared" || (mode & closed) === 0) return;
      const names = await readdir(folder);
      if (names.length > 0 && !names.includes("control.pid")) {
        throw new NotOurs(
          `${folder} is open to other users (mode ${octal(mode & 0o777)}) and not empty: run "chmod 700" on it, or set PORTCULLIS_DATA to a folder of its own`,
        );
      }
      await open.chmod(0o700);
    });
  } catch (error) {
    throw unusable(folder, error);
  }
}

/** Returns the error for a folder in which this user cannot create files. */
export function unusable(folder: string, error: unknown): DataFolderUnusable {
  if (error instanceof NotOurs) return new DataFolderUnusable(error.message);
  return new DataFolderUnusable(
    `${folder} cannot be used (${reasonOf(error)}): set PORTCULLIS_DATA to a folder that this user may write to`,
  );
}
