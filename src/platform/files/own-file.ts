import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { errorCode } from "./folder-lock";
import { octal } from "./folder-rule";
import { NotOurs, processUser } from "./own-folder";

/** Flags that do not follow a symbolic link, and do not block on a pipe. */
const carefully = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** The maximum file size in bytes; all files that are read here are smaller. */
const largest = 64 * 1024;

/**
 * Reads a small file of this product from a folder to which other users may have access. All checks use the open
 * descriptor, so that the file cannot be replaced between a check and the read.
 * @param secret whether the file must also be closed to all other users
 * @returns null if there is no file
 * @throws NotOurs it is a symbolic link, not a regular file, or belongs to another user
 * @throws the file system's own error
 */
export async function readOwnFile(path: string, { secret }: { readonly secret: boolean }): Promise<string | null> {
  let file: FileHandle;
  try {
    file = await open(path, carefully);
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT") return null;
    if (code === "ELOOP" || code === "EMLINK") {
      throw new NotOurs(`${path} is a symbolic link, and is not followed: put the file itself there`);
    }
    throw error;
  }
  try {
    const found = await file.stat();
    if (!found.isFile()) throw new NotOurs(`${path} is not a regular file`);
    const self = processUser();
    if (self !== null && found.uid !== self.uid) {
      throw new NotOurs(
        `${path} belongs to user ${found.uid}, and this process runs as user ${self.uid}: run "chown ${self.uid}" on it if you know where it comes from`,
      );
    }
    if (secret && self !== null && (found.mode & 0o077) !== 0) {
      throw new NotOurs(`${path} can be read by others (mode ${octal(found.mode)}): run "chmod 600" on it`);
    }
    if (found.size > largest) throw new NotOurs(`${path} is larger than ${largest} bytes`);
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}
