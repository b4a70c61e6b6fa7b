import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** A process that holds the lock for longer than this was killed; in milliseconds. */
const longest = 60_000;

/**
 * Creates a file or a folder once for all processes and runs. The first process creates it, and the others wait.
 * @param make receives a temporary path, which is renamed when it is complete
 */
export async function madeOnce(path: string, make: (unfinished: string) => Promise<void>): Promise<void> {
  const lock = `${path}.lock`;
  while (!existsSync(path)) {
    if (!isTaken(lock)) {
      await delay(20);
      continue;
    }
    try {
      if (existsSync(path)) return;
      const unfinished = `${path}.${randomBytes(6).toString("hex")}`;
      await make(unfinished);
      renameSync(unfinished, path);
    } finally {
      rmSync(lock, { recursive: true });
    }
  }
}

/** Takes the lock if it is free. */
function isTaken(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - since > longest) rmSync(lock, { recursive: true, force: true });
    return false;
  }
}
