import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** Whoever holds the lock for longer was killed; in milliseconds. */
const longest = 60_000;

/**
 * Has a file or a folder made once for all processes and runs: whoever comes first makes it, the others wait for it.
 * @param make is given another path, from which it is moved to its place
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

/** Takes the lock where nobody has it. */
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
