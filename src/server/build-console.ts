import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { childEnvironment } from "../env";
import { DataFolderInUse, takeControlSocket } from "../persistence/control-socket";
import { projectRoot } from "./project-root";
import { StartFailure } from "./start-failure";

/** What the console is made of: the import rules keep everything else away from it. */
const inputs = [
  "src/app",
  "src/ui",
  "src/contracts",
  "src/core/permissions.ts",
  "next.config.mjs",
  "package-lock.json",
];

/**
 * Runs `next build` where there is no build, or one of something else. Of processes that start at once one builds, and
 * the others wait for it.
 * @param say is told when it begins: it takes several seconds
 * @throws StartFailure the build failed
 */
export async function buildConsole(say: (line: string) => void): Promise<void> {
  const root = projectRoot();
  const digest = digestOf(root);
  const stamp = join(root, ".next", "portcullis-inputs");
  const isBuilt = () =>
    existsSync(join(root, ".next", "BUILD_ID")) && existsSync(stamp) && readFileSync(stamp, "utf8") === digest;
  if (isBuilt()) return;
  const lock = await takeBuildLock(root);
  try {
    if (isBuilt()) return;
    say("Building the console, once. This takes some seconds.");
    await runNextBuild(root);
    writeFileSync(stamp, digest);
  } finally {
    await lock.close();
  }
}

/** The same kind of lock as that of a data folder: it ends with its process, however that ends. */
async function takeBuildLock(root: string) {
  const name = createHash("sha256").update(root).digest("hex").slice(0, 12);
  const folder = join(tmpdir(), `portcullis-build-${process.getuid?.() ?? 0}-${name}`);
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
  for (const path of inputs.flatMap((input) => filesOf(join(root, input)))) {
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
