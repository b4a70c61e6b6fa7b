import { mkdtempSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { buildSync } from "esbuild";

const root = join(import.meta.dirname, "../..");
let folder: string | null = null;
const files = new Map<string, string>();

/**
 * Bundles a script of the tests into one file, once per test process. The bundle starts in a third of the time that a
 * loader needs for the sources. It lies below the project's folder, so that packages and migrations are found as usual.
 * @param path absolute path of the script
 */
export function bundled(path: string): string {
  const file = files.get(path) ?? bundle(path);
  files.set(path, file);
  return file;
}

function bundle(path: string): string {
  folder ??= newFolder();
  const outfile = join(folder, `${basename(path, ".ts")}.mjs`);
  buildSync({
    absWorkingDir: root,
    entryPoints: [path],
    outfile,
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "warning",
  });
  return outfile;
}

/** Below the folder that the whole run removes at its end, because a worker that is killed cannot remove it. */
function newFolder(): string {
  const made = mkdtempSync(join(process.env.TEST_BUNDLES_FOLDER ?? join(root, "node_modules"), ".portcullis-test-"));
  process.once("exit", () => rmSync(made, { recursive: true, force: true }));
  return made;
}
