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

/** What the console is made of: the import rules keep everything else away from it. */
const inputs = [
  "src/app",
  "src/console",
  "src/platform/contract",
  "src/access/permissions.ts",
  "next.config.mjs",
  "package-lock.json",
];

/**
 * Runs `next build` where there is no build, or one of something else. Of processes that start at once one builds, and
 * the others wait for it.
 * @param say is told when it begins: it takes several seconds
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
    say("Building the console, once. This takes some seconds.");
    await runNextBuild(root);
    await writeDurably(stamp, digest, 0o644);
  } finally {
    await lock.close();
  }
}

/** A tarball of `npm pack` holds the console's build, and not what it was made of. */
function isPacked(root: string): boolean {
  return !existsSync(join(root, "src")) && existsSync(join(root, ".next", "BUILD_ID"));
}

/** Where `next build` writes: into `.next`, and into the project's folder where that does not exist. */
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
 * The same kind of lock as that of a data folder: it ends with its process, however that ends. It is in the project's
 * folder, where nobody else can make it first. A socket's path may only be short, so that this process goes there
 * through a link in a folder of its own, which has a name that nobody can guess.
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
    stream.on("error", () => undefined); // the build's exit code tells
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
