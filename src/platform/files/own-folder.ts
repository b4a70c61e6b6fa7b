import { constants } from "node:fs";
import { type FileHandle, lstat, mkdir, open, readlink, stat } from "node:fs/promises";
import { dirname, join, parse, resolve, sep } from "node:path";
import { errorCode } from "./folder-lock";
import { type FolderFacts, judgeFolder, type ProcessUser } from "./folder-rule";

/** A folder or file must not be used in its current state; the message is one line with the reason and the solution. */
export class NotOurs extends Error {
  override readonly name = "NotOurs";
}

export interface UsableFolder extends FolderFacts {
  /** `shared`: another user owns the folder, so its mode is not changed. */
  readonly kind: "own" | "shared";
}

/** Returns the identity of this process; null on systems without users (Windows). */
export function processUser(): ProcessUser | null {
  const uid = process.geteuid?.();
  if (uid === undefined) return null;
  return { uid, groups: [process.getegid?.() ?? -1, ...(process.getgroups?.() ?? [])] };
}

/**
 * Opens a folder in which this process may keep files (`judgeFolder`). The check and the use share one descriptor.
 * @param use called with the open folder, which is closed afterwards
 * @throws NotOurs the folder or a part of its path belongs to another user
 * @throws the file system's own error
 */
export async function withOwnFolder<T>(
  path: string,
  use: (folder: FileHandle, facts: UsableFolder) => Promise<T>,
): Promise<T> {
  const self = processUser();
  if (self?.uid === 0) await requireLinksOfRoot(path);
  const folder = await open(path, constants.O_RDONLY | (constants.O_DIRECTORY ?? 0));
  try {
    const { uid, gid, mode } = await folder.stat();
    const facts = { uid, gid, mode };
    const verdict = self === null ? ({ kind: "own" } as const) : judgeFolder(facts, self);
    if (verdict.kind === "refused") throw new NotOurs(`${path} ${verdict.why}`);
    return await use(folder, { ...facts, kind: verdict.kind });
  } finally {
    await folder.close();
  }
}

/** Checks a folder like `withOwnFolder`, without using it. */
export function requireOwnFolder(path: string): Promise<UsableFolder> {
  return withOwnFolder(path, async (_, facts) => facts);
}

/**
 * Creates a folder and its missing parents. Unlike Node's own `recursive`, it terminates if the system refuses a folder
 * with ENOENT (below `/proc`, or if the working folder was removed).
 * @param mode the mode of every created folder, reduced by the umask
 * @throws the file system's own error: `EEXIST` something that is not a folder has this name
 */
export async function makeFolder(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    if (errorCode(error) === "EEXIST" && (await stat(path)).isDirectory()) return;
    if (errorCode(error) !== "ENOENT" || dirname(path) === path) throw error;
    await makeFolder(dirname(path), mode);
    await mkdir(path, { mode }).catch((again: unknown) => {
      if (errorCode(again) !== "EEXIST") throw again; // another process created it first
    });
  }
}

/** The maximum number of symbolic links; the kernel follows as many. */
const mostLinks = 40;

/**
 * Checks that all links belong to root, for a process of root: another user could point a link to any folder of root.
 */
async function requireLinksOfRoot(path: string): Promise<void> {
  let [at, rest] = split(resolve(path));
  let links = 0;
  while (rest.length > 0) {
    const next = join(at, rest[0] ?? "");
    const found = await lstat(next);
    if (!found.isSymbolicLink()) {
      at = next;
      rest = rest.slice(1);
      continue;
    }
    if (found.uid !== 0) {
      throw new NotOurs(
        `${next} is a symbolic link of user ${found.uid}, and this process runs as root, which follows links of root only: use the folder that it leads to`,
      );
    }
    if (++links > mostLinks) throw new NotOurs(`${path} leads through too many symbolic links`);
    const [root, parts] = split(resolve(dirname(next), await readlink(next)));
    at = root;
    rest = [...parts, ...rest.slice(1)];
  }
}

function split(path: string): [root: string, parts: readonly string[]] {
  const { root } = parse(path);
  return [root, path.slice(root.length).split(sep).filter(Boolean)];
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: "this user may not write to it or to a folder above it",
  EPERM: "this user may not change it",
  EROFS: "it is on a read-only file system: mount a writable volume there",
  ENOSPC: "its disk is full",
  EDQUOT: "its disk quota is used up",
  ENOENT: "nothing can be made there, or it leads through a symbolic link to something that does not exist",
  EEXIST: "something that is not a folder has its name",
  ENOTDIR: "something that is not a folder has its name, or that of a folder above it",
  ELOOP: "it leads through symbolic links that go in circles",
  ENAMETOOLONG: "its name is too long",
};

/** Explains why a folder cannot be used: the system's error code and its meaning. */
export function reasonOf(error: unknown): string {
  const code = errorCode(error) ?? "unknown error";
  const reason = reasons[code];
  return reason === undefined ? code : `${code}: ${reason}`;
}
