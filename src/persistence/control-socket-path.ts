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
