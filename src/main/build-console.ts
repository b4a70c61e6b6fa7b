import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { accessSync, existsSync, constants as files, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { writeDurably } from "../platform/files/durable-file";
import { makeFolder, reasonOf } from "../platform/files/own-folder";
import { StartFailure } from "../platform/start-failure";
import { type ControlSocket, DataFolderInUse, takeControlSocket } from "./ipc/control-socket";
import { DataFolderUnusable } from "./ipc/control-socket-path";
import { projectRoot } from "./project-root";
import { childEnvironment } from "./settings/environment";

/** The inputs of the console build: the import rules keep all other sources out of it. */
const inputs = [
  "src/app",
  "src/console",
  "src/platform/contract",
  "src/access/permissions.ts",
  "next.config.mjs",
  "package-lock.json",
];

/**
 * Runs `next build` if there is no build or if it is out of date. If several processes start at the same time, one of
 * them builds and the others wait.
 * @param say called when the build begins, because it takes several seconds
 * @param root the project's folder
 * @throws StartFailure the build failed, or nothing can be built because the project's folder cannot be written
 */
export async function buildConsole(say: (line: string) => void, root = projectRoot()): Promise<void> {
  if (isPacked(root)) return;
  const digest = digestOf(root);
  const stamp = join(root, ".next", "portcullis-inputs");
  const isBuilt = () =>
    existsSync(join(root, ".next", "BUILD_ID")) && existsSync(stamp) && readFileSync(stamp, "utf8") === digest;
  if (isBuilt()) return;
  requireWritable(root);
  const lock = await takeBuildLock(root);
  try {
    if (isBuilt()) return;
    say("Building the console. This is needed only once and takes some seconds.");
    await runNextBuild(root);
    await writeDurably(stamp, digest, 0o644);
  } finally {
    await lock.close();
  }
}

/** A tarball of `npm pack` contains the build of the console without its sources. */
function isPacked(root: string): boolean {
  return !existsSync(join(root, "src")) && existsSync(join(root, ".next", "BUILD_ID"));
}

/** Checks that `next build` can write to `.next`, or to the project's folder if `.next` does not exist. */
function requireWritable(root: string): void {
  const target = [join(root, ".next"), root].find(existsSync) ?? root;
  try {
    accessSync(target, files.W_OK | files.X_OK);
  } catch (error) {
    throw unwritable(target, error);
  }
}

function unwritable(folder: string, error: unknown): StartFailure {
  return new StartFailure(
    `the console is not built for this version, and cannot be built because ${folder} cannot be written (${reasonOf(error)}): run "npm run build" once as a user who may write to it`,
  );
}

/**
 * Takes the same kind of lock as for a data folder: the lock ends with its process, however the process ends. The lock
 * is in the project's folder, where other users cannot create it first. The path of a socket must be short, so this
 * process uses a symbolic link in a temporary folder with an unpredictable name.
 */
async function takeBuildLock(root: string): Promise<Pick<ControlSocket, "close">> {
  const folder = join(root, "dist", ".building");
  await makeFolder(folder, 0o700).catch((error: unknown) => {
    throw unwritable(folder, error);
  });
  const own = await mkdtemp(join(tmpdir(), "portcullis-"));
  const removeOwn = () => rm(own, { recursive: true, force: true });
  try {
    await symlink(folder, join(own, "lock"));
    const lock = await waitForLock(join(own, "lock"));
    return {
      close: async () => {
        await lock.close();
        await removeOwn();
      },
    };
  } catch (error) {
    await removeOwn();
    if (!(error instanceof DataFolderUnusable)) throw error;
    const message = error.message.replaceAll(join(own, "lock"), folder);
    throw new StartFailure(`the console is not built for this version, and cannot be built: ${message}`);
  }
}

async function waitForLock(folder: string): Promise<ControlSocket> {
  while (true) {
    try {
      return await takeControlSocket(folder);
    } catch (error) {
      if (!(error instanceof DataFolderInUse)) throw error;
      await delay(200);
    }
  }
}

async function runNextBuild(root: string): Promise<void> {
  const next = createRequire(join(root, "package.json")).resolve("next/dist/bin/next");
  const child = spawn(process.execPath, [next, "build"], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: childEnvironment({ NEXT_TELEMETRY_DISABLED: "1" }),
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    stream.on("error", () => undefined); // the exit code of the build shows the failure
  }
  const [code] = await once(child, "close");
  if (code !== 0) throw new StartFailure(`the console could not be built (next build ended with ${code}):\n${output}`);
}

function digestOf(root: string): string {
  const hash = createHash("sha256");
  const contracts = filesOf(join(root, "src", "features")).filter((path) => path.endsWith("contract.ts"));
  for (const path of [...inputs.flatMap((input) => filesOf(join(root, input))), ...contracts]) {
    hash
      .update(`${relative(root, path)}\0`)
      .update(readFileSync(path))
      .update("\0");
  }
  return hash.digest("hex");
}

function filesOf(path: string): string[] {
  if (!existsSync(path)) return [];
  if (/\.\w+$/.test(path)) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
