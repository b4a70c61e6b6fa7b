#!/usr/bin/env node
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { loadEnvFile } from "./load-env-file.mjs";

/**
 * The command `portcullis`: finds the build, or creates it in a clone, loads .env, and runs the command line
 * (`src/cli/main.ts`). It passes in the functions of the server side, because the command line does not import the server.
 */

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const needed = [20, 19];

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < needed[0] || (major === needed[0] && minor < needed[1])) {
  process.stderr.write(`Portcullis needs Node ${needed.join(".")} or newer; this is ${process.versions.node}.\n`);
  process.exit(1);
}

// React and Next select their builds by this variable.
process.env.NODE_ENV = process.argv[2] === "dev" ? "development" : "production";
process.env.NEXT_TELEMETRY_DISABLED = "1";

/** A tarball of `npm pack` holds the build instead of the sources. */
const isClone = existsSync(join(root, "src"));
if (process.argv[2] === "dev" && process.argv.length === 3) {
  if (!isClone) endWith("dev needs the sources: run it in a clone.");
  await orEnd(async () => (await import("./dev.mjs")).develop());
  process.exit();
}
const folder = isClone ? await orEnd(async () => (await import("./build.mjs")).build()) : join(root, "dist", "packed");
if (!existsSync(folder)) endWith(`${root} holds neither sources nor a build: install it again.`);
const load = (name) => import(pathToFileURL(join(folder, `${name}.mjs`)).href);

// An installation below node_modules is replaced by the next one: its settings are where it is started.
const { parseEnvFile } = await load("env-file");
const problem = loadEnvFile(join(isClone ? root : process.cwd(), ".env"), parseEnvFile);
if (problem !== null) endWith(problem);

const { runCommandLine } = await load("cli");
process.exitCode = await runCommandLine(process.argv.slice(2), {
  // Next's development server leaves watchers behind that would keep the process alive.
  run: async (mode) => process.exit(await (await load("server")).runServer(process.env, mode)),
  build: async () => (await load("server")).runBuild(),
  send: async (verb, input) => (await load("host")).sendHostCommand(process.env, verb, input),
});

/** Runs work that only a clone can do. If something is missing for it, the process ends with a message that names it. */
async function orEnd(work) {
  const { CannotBuild } = await import("./build.mjs");
  return work().catch((error) => {
    if (!(error instanceof CannotBuild)) throw error;
    return endWith(error.message);
  });
}

function endWith(line) {
  process.stderr.write(`portcullis: ${line}\n`);
  process.exit(1);
}
