import { readdir, readFile, rename, rm } from "node:fs/promises";
import { syncFolder, writeFlushed } from "#src/platform/files/durable-file";
import { makeFolder } from "#src/platform/files/own-folder";

/** The file operations of the file target. Tests replace them with a disk that is full or failing. */
export interface FileOperations {
  /** Creates a new file with exactly this mode and flushes it. */
  writeFlushed(path: string, text: string, mode: number, group: number | undefined): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  syncFolder(path: string): Promise<void>;
  readFile(path: string): Promise<string | null>;
  readdir(path: string): Promise<string[]>;
  mkdir(path: string): Promise<void>;
  removeTree(path: string): Promise<void>;
}

export const realFileOperations: FileOperations = {
  writeFlushed,
  rename,
  syncFolder,
  async readFile(path) {
    try {
      return await readFile(path, "utf8");
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  },
  readdir: (path) => readdir(path),
  mkdir: (path) => makeFolder(path, 0o750),
  removeTree: (path) => rm(path, { recursive: true, force: true }),
};

/** Checks whether an error means that the path does not exist. */
export function isMissing(error: unknown): boolean {
  return errorCode(error) === "ENOENT";
}

/** Checks whether a file or folder that must exist is missing. Only a new term creates the sync's own folders. */
export function isFolderGone(error: unknown): boolean {
  return isMissing(error) && typeof error === "object" && error !== null && "path" in error;
}

export function errorCode(error: unknown): string | null {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : null;
  return typeof code === "string" ? code : null;
}
