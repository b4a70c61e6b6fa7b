import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "../..");
let bundled: Promise<string> | null = null;

/**
 * The control plane's test entry as one file, made once per test process: it starts in a third of the time that a loader
 * needs for the sources. It lies below the project, so that packages and migrations are found as they always are.
 */
export function bundleEntry(): Promise<string> {
  bundled ??= bundle();
  return bundled;
}

async function bundle(): Promise<string> {
  const folder = mkdtempSync(join(root, "node_modules", ".portcullis-test-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const outfile = join(folder, "control-plane.mjs");
  await build({
    absWorkingDir: root,
    entryPoints: [join(import.meta.dirname, "control-plane-entry.ts")],
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
