import { createHash, randomBytes } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { argon2InWorker } from "../src/platform/passwords/hash-workers";
import { median } from "./statistics";

/**
 * The time that this machine needs for work that a figure cannot avoid, measured in the same run. Figures are judged by
 * their ratio to it, so that they are comparable on machines of any speed. All times are in milliseconds.
 */

/** One Argon2id hash with the cost of a sign-in, on a thread that does nothing else; the median of several. */
export async function hashMs(): Promise<number> {
  await argon2InWorker("warm up");
  const times: number[] = [];
  for (let sample = 0; sample < 15; sample++) times.push(await timed(() => argon2InWorker("raw work")));
  return median(times);
}

/** Writes and flushes three files, one after the other, and renames each into a folder that is then flushed. */
export async function threeFlushedRenames(folder: string): Promise<number> {
  const staging = join(folder, "bench-staging");
  const live = join(folder, "bench-live");
  for (const path of [staging, live]) await mkdir(path, { recursive: true });
  const content = randomBytes(1_000);
  const took = await timed(async () => {
    for (const name of ["a", "b", "c"]) {
      const file = await open(join(staging, name), "w");
      await file.writeFile(content);
      await file.sync();
      await file.close();
      await rename(join(staging, name), join(live, name));
      const parent = await open(live, "r");
      await parent.sync();
      await parent.close();
    }
  });
  for (const path of [staging, live]) await rm(path, { recursive: true });
  return took;
}

/** Reads and hashes every file below a folder, one after the other. */
export async function readAndHash(folder: string): Promise<{ readonly files: number; readonly ms: number }> {
  let files = 0;
  const ms = await timed(async () => {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      createHash("sha256")
        .update(await readFile(join(entry.parentPath, entry.name)))
        .digest();
      files++;
    }
  });
  return { files, ms };
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
