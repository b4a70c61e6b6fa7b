import { createHash, randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { copyFile, mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { PATCH_IS_MISSING, patchIsApplied } from "./patch-is-applied.mjs";

/**
 * Bundles the parts of `src` that run in Node into `dist/<digest of the inputs>/`, unless that folder exists. The build
 * writes a temporary folder in `dist`, renames it once it is complete, and never changes it again. Any number of
 * processes may therefore build at the same time, and a running process keeps its files.
 *
 * Packages of `dependencies` are not bundled and are loaded at run time. Every other package that the sources import
 * becomes part of the build: the patched PostgreSQL driver, and the query builder that imports it.
 */

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const entryPoints = {
  server: "src/main/main.ts",
  host: "src/main/host-commands.ts",
  cli: "src/cli/main.ts",
  sdk: "src/sdk/create-client.ts",
  "env-file": "src/main/settings/env-file.ts",
};

/** How long an earlier build is kept for processes that still run on it, in milliseconds. */
const keptFor = 24 * 60 * 60 * 1000;

/** Its message is one line for the person who starts Portcullis. */
export class CannotBuild extends Error {}

/**
 * @returns {Promise<string>} the absolute path of the build's folder
 * @throws {CannotBuild} if there is no build, and none can be created here
 */
export async function build() {
  const folder = join(root, "dist", digestOfInputs());
  if (existsSync(folder)) return folder;
  if (!patchIsApplied()) throw new CannotBuild(PATCH_IS_MISSING);
  const { build: bundle } = await loadEsbuild();
  const unfinished = join(root, "dist", `.${randomBytes(6).toString("hex")}`);
  await mkdir(unfinished, { recursive: true }).catch((error) => {
    throw new CannotBuild(
      `nothing is built for this version, and ${join(root, "dist")} cannot be written (${error.code}): run "npm run build" once as a user who may write to it`,
    );
  });
  try {
    await bundle({ ...bundleOptions(), outdir: unfinished });
    await rename(unfinished, folder).catch((error) => {
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error; // another process was first
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  await placeSdk(folder);
  // An earlier build of another user cannot be removed, and stays.
  await removeEarlierBuilds(folder).catch(() => undefined);
  return folder;
}

/** The options of the bundler, without the output folder. @returns {import("esbuild").BuildOptions} */
export function bundleOptions() {
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return {
    absWorkingDir: root,
    entryPoints: Object.fromEntries(Object.entries(entryPoints).filter(([, path]) => existsSync(join(root, path)))),
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    external: Object.keys(dependencies),
    platform: "node",
    format: "esm",
    target: "node20",
    sourcemap: "linked",
    sourcesContent: false,
    logLevel: "warning",
  };
}

/** @throws {CannotBuild} if it is not installed */
export function loadEsbuild() {
  return import("esbuild").catch((error) => {
    if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new CannotBuild(
      'nothing is built for this version, and esbuild is not installed: run "npm install --include=dev" and "npm run build". A tarball of "npm pack" needs neither',
    );
  });
}

/** Updates the file behind `portcullis/sdk`, whose path is constant (`exports` in package.json). It loads no other file. */
async function placeSdk(folder) {
  const built = join(folder, "sdk.mjs");
  if (!existsSync(built)) return;
  await replaceFile(join(root, "dist", "sdk.mjs"), (path) => copyFile(built, path));
  await replaceFile(join(root, "dist", "sdk.d.mts"), (path) =>
    writeFile(path, 'export * from "../src/sdk/create-client.ts";\n'),
  );
}

/** A process that reads the file at the same time finds the earlier file or the new one. */
export async function replaceFile(path, write) {
  const unfinished = `${path}.${randomBytes(6).toString("hex")}`;
  await write(unfinished);
  await rename(unfinished, path);
}

function digestOfInputs() {
  const hash = createHash("sha256").update(process.version.split(".")[0] ?? "");
  const files = ["src", "drizzle", "patches"].flatMap(filesBelow);
  for (const path of [...files, join(root, "package-lock.json"), fileURLToPath(import.meta.url)]) {
    const text = readFileSync(path);
    hash.update(`${relative(root, path)}\0${text.length}\0`).update(text);
  }
  return hash.digest("hex").slice(0, 16);
}

function filesBelow(folder) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

async function removeEarlierBuilds(current) {
  for (const name of await readdir(dirname(current))) {
    if (name === ".building") continue; // the lock of the console's build
    const path = join(dirname(current), name);
    const found = await stat(path).catch(() => null);
    if (found?.isDirectory() && path !== current && Date.now() - found.mtimeMs > keptFor)
      await rm(path, { recursive: true, force: true });
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.stdout.write(`${relative(process.cwd(), await build())}\n`);
}
