import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/**
 * `npm run bench [-- figure …]`: bundles the measuring programs and the product as `npm start` does, and runs them. The
 * bundle is below the project, so that packages and migrations are found. Exits with 1 if a figure misses its target.
 * BENCH_FULL=1 takes more samples.
 */

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = mkdtempSync(join(root, "node_modules", ".portcullis-bench-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
await build({
  absWorkingDir: root,
  entryPoints: ["bench/main.ts", "bench/processes/control-plane-process.ts", "bench/processes/loop-process.ts"],
  outdir: folder,
  entryNames: "[name]",
  outExtension: { ".js": ".mjs" },
  bundle: true,
  splitting: true,
  packages: "external",
  platform: "node",
  format: "esm",
  target: "node20",
  sourcemap: "linked",
  logLevel: "warning",
});

const child = spawn(process.execPath, ["--enable-source-maps", join(folder, "main.mjs"), ...process.argv.slice(2)], {
  stdio: "inherit",
  cwd: root,
  env: { ...process.env, NODE_ENV: "production" },
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
process.exitCode = await new Promise((resolve) => {
  child.once("close", (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
});
