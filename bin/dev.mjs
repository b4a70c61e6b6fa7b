import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, watch, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { bundleOptions, CannotBuild, loadEsbuild } from "./build.mjs";
import { PATCH_IS_MISSING, patchIsApplied } from "./patch-is-applied.mjs";

/**
 * Runs the server from the sources, and starts it again after a change on the server's side: a source that is part of
 * the build, a migration, or `.env`. Next rebuilds the pages by itself, in the server's process.
 *
 * Sources that cannot be built leave the running server alone. The new server starts when the former process has ended,
 * so that the port, the lock of the data folder and the gateway's folder are free. Until then it loads its modules.
 */

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const server = join(root, "bin", "dev-server.mjs");
const output = join(root, "dist", `dev-${process.pid}`);

/** One save can be several events, in milliseconds. */
const settleMs = 30;

/** A server ends by itself within 9.5 s. After this it is killed, in milliseconds. */
const stopWithinMs = 11_000;

/** Runs until SIGINT or SIGTERM. @throws {CannotBuild} something is not installed */
export async function develop() {
  if (!patchIsApplied()) throw new CannotBuild(PATCH_IS_MISSING);
  const { context } = await loadEsbuild();
  const stopped = untilStopped();
  const builder = await context({ ...bundleOptions(), outdir: output, write: false });
  process.once("exit", () => rmSync(output, { recursive: true, force: true }));
  const changes = watchInputs();
  let child = null;
  let running = null;
  while (!stopped.signal.aborted) {
    const changed = changes.next();
    const built = await rebuild(builder);
    if (built !== null && built !== running) {
      const former = child;
      child = openServer();
      running = built;
      if (former !== null) {
        say("The server's sources have changed: it starts again.");
        await former.stop();
      }
      if (!stopped.signal.aborted) child.start();
    }
    await Promise.race([changed, stopped.promise]);
    await delay(settleMs);
  }
  changes.close();
  await child?.stop();
  await builder.dispose();
}

/**
 * Bundles the sources and writes the bundle. Files that a running server may still load stay where they are.
 * @returns {Promise<string | null>} what the server is made of; null where the sources cannot be built, which esbuild has
 *   printed with the place
 */
async function rebuild(builder) {
  const result = await builder.rebuild().catch(() => null);
  if (result === null) {
    say("The server cannot be built. A running server continues. The next change starts another build.");
    return null;
  }
  mkdirSync(output, { recursive: true });
  for (const { path, contents } of result.outputFiles) writeFileSync(path, contents);
  const modules = result.outputFiles.filter(({ path }) => path.endsWith(".mjs"));
  const files = [join(root, ".env"), ...migrations()].filter((path) => existsSync(path));
  return JSON.stringify([
    modules.map(({ path, hash }) => [basename(path), hash]),
    files.map((path) => [path, readFileSync(path, "utf8")]),
  ]);
}

function migrations() {
  const folder = join(root, "migrations");
  return readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .map((name) => join(folder, name));
}

/** The embedded database is ready a second earlier where its code is not optimized, and so is its end. */
const shortLived = "--liftoff-only";

/** A server in a process of its own, which ends with this one. It loads its modules, and waits for `start`. */
function openServer() {
  const child = spawn(process.execPath, [shortLived, server, output], {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
  });
  let isStopping = false;
  const ended = new Promise((resolve) => {
    child.once("exit", (code, signal) => {
      if (!isStopping) say(`The server has ended (${signal ?? code}). It starts again after the next change.`);
      resolve();
    });
  });
  return {
    start() {
      if (child.connected) child.send("start");
    },
    async stop() {
      isStopping = true;
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), stopWithinMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** Watches every folder with something of the server. A folder that is made again is another one to the system. */
function watchInputs() {
  const watched = new Map();
  let wake = () => undefined;
  const look = () => {
    for (const folder of folders()) {
      const { ino } = statSync(folder);
      const former = watched.get(folder);
      if (former?.ino === ino) continue;
      former?.watcher.close();
      const watcher = watch(folder, (_event, name) => {
        if (folder !== root || name === ".env") wake();
      });
      watcher.on("error", () => watched.delete(folder));
      watched.set(folder, { ino, watcher });
    }
  };
  return {
    /** Resolves with the next change from now on. */
    next() {
      const change = new Promise((resolve) => {
        wake = resolve;
      });
      try {
        look();
      } catch (error) {
        if (error.code !== "ENOENT") throw error;
        wake(); // a folder went away just now
      }
      return change;
    },
    close() {
      for (const { watcher } of watched.values()) watcher.close();
    },
  };
}

/** The pages are Next's. */
const pages = new Set(["app", "console"].map((name) => join(root, "src", name)));

function folders() {
  const found = [root, join(root, "drizzle"), join(root, "migrations")];
  const waiting = [join(root, "src")];
  for (const folder of waiting) {
    if (pages.has(folder)) continue;
    found.push(folder);
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) waiting.push(join(folder, entry.name));
    }
  }
  return found;
}

function untilStopped() {
  const controller = new AbortController();
  const promise = new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"]) {
      process.once(signal, () => {
        controller.abort();
        resolve();
      });
    }
  });
  return { signal: controller.signal, promise };
}

function say(line) {
  process.stderr.write(`\n${line}\n`);
}
