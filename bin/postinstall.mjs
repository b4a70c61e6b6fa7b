// Runs after `npm install`. It never fails an installation: the server itself does not start with an unpatched driver.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { PATCH_IS_MISSING, patchIsApplied } from "./patch-is-applied.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Applies `patches/`, and prints nothing unless it fails. */
function patchDriver() {
  if (patchIsApplied()) return;
  applyPatches();
  if (patchIsApplied()) return;
  // npm does not reinstall a package with the correct version. After an update it still has the earlier patch.
  reinstallDriver();
  const output = applyPatches();
  if (!patchIsApplied()) throw new Error(`${PATCH_IS_MISSING}\n${output}`);
}

/** @returns {string} the output of patch-package */
function applyPatches() {
  const tool = createRequire(import.meta.url).resolve("patch-package/index.js");
  const { stdout, stderr } = spawnSync(process.execPath, [tool], { cwd: root, encoding: "utf8" });
  return `${stdout ?? ""}${stderr ?? ""}`;
}

/** Works only if npm runs this script. `--ignore-scripts` prevents that npm runs it again. */
function reinstallDriver() {
  const npm = process.env.npm_execpath;
  if (!npm) return;
  rmSync(join(root, "node_modules", "postgres"), { recursive: true, force: true });
  spawnSync(process.execPath, [npm, "install", "--ignore-scripts", "--no-save", "--no-audit", "--no-fund"], {
    cwd: root,
    stdio: "ignore",
  });
}

/** npm links the commands of dependencies only. Without this link, `npx --no portcullis` fails in a clone. */
function linkCommand() {
  const command = join(root, "bin", "portcullis.mjs");
  const link = join(root, "node_modules", ".bin", "portcullis");
  mkdirSync(dirname(link), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync(join("..", "..", "bin", "portcullis.mjs"), link);
  if (existsSync(command)) chmodSync(command, 0o755);
}

for (const step of [patchDriver, linkCommand]) {
  try {
    step();
  } catch (error) {
    console.warn(`portcullis: ${error instanceof Error ? error.message : String(error)}`);
  }
}
