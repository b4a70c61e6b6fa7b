import { spawnSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, CannotBuild, replaceFile } from "./build.mjs";

/**
 * `npm pack` runs this first. It builds what the tarball holds instead of the sources (`files` in package.json): the
 * server in `dist/packed`, the console in `.next`, and the types of the SDK in `dist/types`. An installation of the
 * tarball starts without a build.
 */

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const packed = join(root, "dist", "packed");
const types = join(root, "dist", "types");

async function packServer() {
  const folder = await build();
  await rm(packed, { recursive: true, force: true });
  await cp(folder, packed, { recursive: true });
}

async function packConsole() {
  process.env.NODE_ENV = "production"; // React and Next choose their parts by it
  const { runBuild } = await import(pathToFileURL(join(packed, "server.mjs")).href);
  if ((await runBuild()) !== 0) throw new CannotBuild("the console could not be built");
  await forgetRoot(join(root, ".next", "required-server-files.json"));
}

/** Next names the folder in which it built, and does not read the name at run time. The same sources give the same file. */
async function forgetRoot(path) {
  const text = await readFile(path, "utf8");
  const placeless = text.replaceAll(JSON.stringify(root), '"/portcullis"');
  if (placeless !== text) await replaceFile(path, (unfinished) => writeFile(unfinished, placeless));
}

/** The compiler writes a declaration for every source that it reads. The tarball gets the ones that the SDK refers to. */
async function packTypes() {
  const all = await mkdtemp(join(root, "dist", ".types-"));
  try {
    const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
    const options = ["--project", join("src", "sdk"), "--outDir", all];
    const { status, stdout } = spawnSync(process.execPath, [compiler, ...options], { cwd: root, encoding: "utf8" });
    if (status !== 0) throw new CannotBuild(`the types of the SDK could not be written:\n${stdout}`);
    await rm(types, { recursive: true, force: true });
    await copyDeclaration(join("src", "sdk", "create-client"), all);
  } finally {
    await rm(all, { recursive: true, force: true });
  }
  await replaceFile(join(root, "dist", "sdk.d.mts"), (path) =>
    writeFile(path, 'export * from "./types/src/sdk/create-client.js";\n'),
  );
}

const reference = /(?<=(?:from |import\()")[.#][^"]+(?=")/g;

/**
 * Copies a declaration and all that it refers to. References get the ending that Node's resolution needs, and the
 * aliases of the sources (`#src/…`, in `imports` of package.json) become relative paths.
 */
async function copyDeclaration(name, from, copied = new Set()) {
  if (copied.has(name)) return;
  copied.add(name);
  const text = await readFile(join(from, `${name}.d.ts`), "utf8");
  const named = (path) => (path.startsWith("#") ? path.slice(1) : join(dirname(name), path));
  const relativeTo = (path) => {
    const found = relative(dirname(name), named(path)).replaceAll(sep, "/");
    return found.startsWith(".") ? found : `./${found}`;
  };
  const target = join(types, `${name}.d.ts`);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(
    target,
    text.replace(reference, (path) => `${relativeTo(path)}.js`),
  );
  for (const [path] of text.matchAll(reference)) await copyDeclaration(named(path), from, copied);
}

try {
  await packServer();
  await packConsole();
  await packTypes();
} catch (error) {
  if (!(error instanceof CannotBuild)) throw error;
  process.stderr.write(`portcullis: ${error.message}\n`);
  process.exitCode = 1;
}
