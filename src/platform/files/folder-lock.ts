import { createHash } from "node:crypto";
import { link, lstat, readdir, rename, rm, unlink } from "node:fs/promises";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/**
 * The state of a socket's path: a live owner (it may be suspended and silent), the leftover of a dead owner, or
 * nothing.
 */
type Occupant =
  | { readonly kind: "alive" }
  | { readonly kind: "absent" }
  | { readonly kind: "dead"; readonly identity: string };

/**
 * Names that a claim creates next to a socket: its temporary name during the start, and rights to replace a leftover.
 */
const CLAIM_NAME = /^(t\.[0-9a-f]+x?|s\.[0-9a-f]+)$/;

/**
 * Makes a listening socket the only owner of `path`. Two rules of the kernel prevent races: a link is created only if
 * the name is free, and a refused connection shows that the owner was killed.
 *
 * Only the owner of the right to replace a leftover replaces it. This right is the name `s.<its identity>`, which is
 * claimed in the same way (if its owner was also killed, the right to replace *that* leftover is claimed). A plain
 * removal of the leftover would be a race: a process that checks, pauses and then removes can remove the new socket of
 * another process.
 * @param listening a name in the folder of `path` at which the socket already listens; the name is kept
 * @returns false if `path`, or the right to replace it, has a live owner
 */
export async function claimSocket(path: string, listening: string): Promise<boolean> {
  while (true) {
    if (await linkWhereAbsent(listening, path)) return true;
    const occupant = await occupantOf(path);
    if (occupant.kind === "alive") return false;
    if (occupant.kind === "absent") continue;

    const right = join(dirname(path), `s.${occupant.identity}`);
    if (!(await claimSocket(right, listening))) return false;
    try {
      const now = await occupantOf(path);
      if (now.kind === "dead" && now.identity === occupant.identity) {
        await replaceBy(listening, path);
        return true;
      }
    } finally {
      await unlink(right);
    }
  }
}

/**
 * Removes leftovers of killed claims in `folder`: names that are more than a minute old and have no listening process.
 */
export async function sweepClaims(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!CLAIM_NAME.test(name)) continue;
    const path = join(folder, name);
    const status = await lstat(path).catch(() => null);
    const isOld = status !== null && Date.now() - status.mtimeMs > 60_000;
    if (isOld && (await occupantOf(path)).kind === "dead") await rm(path, { force: true });
  }
}

/**
 * Checks with the kernel only: the socket of a suspended process still accepts connections, that of a killed process
 * refuses them.
 */
async function occupantOf(path: string): Promise<Occupant> {
  while (true) {
    const before = await identityOf(path);
    if (before === null) return { kind: "absent" };
    const code = await connectionError(path);
    if (code === "ENOENT") return { kind: "absent" };
    if (code === null || code === "EAGAIN") return { kind: "alive" }; // EAGAIN: its queue is full
    if (code !== "ECONNREFUSED") throw new Error(`the owner of ${path} cannot be determined: ${code}`);
    if ((await identityOf(path)) === before) return { kind: "dead", identity: before };
    await delay(1); // it was replaced between the two checks
  }
}

/** Replaces a name by a rename. With a removal and a new link, the name would be missing for a moment. */
async function replaceBy(listening: string, path: string): Promise<void> {
  const second = `${listening}x`;
  await link(listening, second);
  await rename(second, path);
}

async function linkWhereAbsent(existing: string, path: string): Promise<boolean> {
  try {
    await link(existing, path);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

/**
 * Identifies a file by inode and creation time, because inode numbers alone are reused. The hash keeps names short
 * enough for a socket.
 */
export async function identityOf(path: string): Promise<string | null> {
  try {
    const { ino, birthtimeNs } = await lstat(path, { bigint: true });
    return createHash("sha256").update(`${ino}:${birthtimeNs}`).digest("hex").slice(0, 12);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw error;
  }
}

function connectionError(path: string): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(null);
    });
    socket.once("error", (error) => resolve(errorCode(error) ?? error.message));
  });
}

/** The `code` of a system error (`ENOENT`), or undefined. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
