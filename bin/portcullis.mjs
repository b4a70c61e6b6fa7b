#!/usr/bin/env node
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { PATCH_IS_MISSING, patchIsApplied } from "./patch-is-applied.mjs";

/**
 * The command `portcullis`: builds what is not built yet, loads .env, and runs the command line (`src/cli/main.ts`). It
 * passes in the functions of the server side, because the command line does not import the server.
 */

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const needed = [20, 19];

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < needed[0] || (major === needed[0] && minor < needed[1])) {
  process.stderr.write(`Portcullis needs Node ${needed.join(".")} or newer; this is ${process.versions.node}.\n`);
  process.exit(1);
}
if (!patchIsApplied()) {
  endWith(PATCH_IS_MISSING);
}

// React and Next select their builds by this variable.
process.env.NODE_ENV = process.argv[2] === "dev" ? "development" : "production";
process.env.NEXT_TELEMETRY_DISABLED = "1";

const { build, CannotBuild } = await import("./build.mjs");
const folder = await build().catch((error) => {
  if (!(error instanceof CannotBuild)) throw error;
  return endWith(error.message);
});
const load = (name) => import(pathToFileURL(join(folder, `${name}.mjs`)).href);

await loadEnvFile(join(root, ".env"));
const { runCommandLine } = await load("cli");
process.exitCode = await runCommandLine(process.argv.slice(2), {
  // Next's development server leaves watchers behind that would keep the process alive.
  run: async (mode) => process.exit(await (await load("server")).runServer(process.env, mode)),
  build: async () => (await load("server")).runBuild(),
  ask: async (verb, input) => (await load("host")).askHost(process.env, verb, input),
});

/** Loads variables from the file. Variables that the environment already has keep their values. */
async function loadEnvFile(path) {
  if (!existsSync(path)) return;
  const { parseEnvFile } = await load("env-file");
  let read;
  try {
    read = parseEnvFile(readFileSync(path));
  } catch (error) {
    return endWith(`${path} cannot be read (${error.code})`);
  }
  if (!read.ok) return endWith(`${path}, line ${read.line}: it ${read.problem}`);
  for (const [name, value] of read.values) process.env[name] ??= value;
}

function endWith(problem) {
  process.stderr.write(`portcullis: ${problem}\n`);
  process.exit(1);
}
