import { createHash } from "node:crypto";
import { link, lstat, readdir, rename, rm, unlink } from "node:fs/promises";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** What stands at a socket's path: a live owner (it may be stopped and silent), a dead one's leftover, or nothing. */
type Occupant =
  | { readonly kind: "alive" }
  | { readonly kind: "absent" }
  | { readonly kind: "dead"; readonly identity: string };

/** Names that a claim makes beside a socket: its own one while it starts, and rights to replace a leftover. */
const CLAIM_NAME = /^(t\.[0-9a-f]+x?|s\.[0-9a-f]+)$/;

/**
 * Makes a listening socket the only owner of `path`, race-free by two rules of the kernel: a name is linked only
 * where there is none, and who listens is told from who was killed by a refused connection.
 *
 * A killed owner's leftover is replaced only by the owner of the right to replace it: the name `s.<its identity>`,
 * claimed in the same way (that owner may have been killed too: then the right to replace *that* leftover is claimed).
 * Simply removing a leftover is a race: who looks, pauses and removes then removes what another has made meanwhile.
 * @param listening a name in the folder of `path` at which the socket listens already; it stays
 * @returns false when `path`, or the right to it, has a live owner
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

/** Removes what claims have left in `folder` when they were killed: more than a minute old, and nobody listens. */
export async function sweepClaims(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!CLAIM_NAME.test(name)) continue;
    const path = join(folder, name);
    const status = await lstat(path).catch(() => null);
    const isOld = status !== null && Date.now() - status.mtimeMs > 60_000;
    if (isOld && (await occupantOf(path)).kind === "dead") await rm(path, { force: true });
  }
}

/** Asks the kernel alone: a stopped process's socket still takes connections, a killed one's refuses them. */
async function occupantOf(path: string): Promise<Occupant> {
  while (true) {
    const before = await identityOf(path);
    if (before === null) return { kind: "absent" };
    const code = await connectionError(path);
    if (code === "ENOENT") return { kind: "absent" };
    if (code === null || code === "EAGAIN") return { kind: "alive" }; // EAGAIN: its queue is full
    if (code !== "ECONNREFUSED") throw new Error(`${path} cannot be asked who owns it: ${code}`);
    if ((await identityOf(path)) === before) return { kind: "dead", identity: before };
    await delay(1); // it was replaced between the looks
  }
}

/** Unlike a removal and a new link, a rename leaves no moment without the name. */
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

/** Inode numbers are used again, one at one time of birth is not; hashed to keep names short enough for a socket. */
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
