// Runs after `npm install` in a clone. It never fails an installation: the build does not accept an unpatched driver.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { PATCH_IS_MISSING, patchIsApplied } from "./patch-is-applied.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Applies `patches/`, and prints nothing unless it fails. Without development dependencies there is no driver. */
function patchDriver() {
  if (!existsSync(join(root, "node_modules", "postgres")) || patchIsApplied()) return;
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

/**
 * Sets the Git hooks of `bin/git-hooks.json` in a clone. The install script of the tool does nothing, because it finds no
 * configuration. With one, it would also set the hooks in a repository that contains this folder.
 */
function setHooks() {
  const tool = join(root, "node_modules", "simple-git-hooks", "cli.js");
  const isCi = !["", "false", "0"].includes(process.env.CI ?? "");
  if (isCi || !existsSync(join(root, ".git")) || !existsSync(tool)) return;
  const configuration = join("bin", "git-hooks.json");
  const found = spawnSync("git", ["rev-parse", "--git-path", "hooks"], { cwd: root, encoding: "utf8" });
  if (found.status !== 0) return;
  const folder = resolve(root, found.stdout.trim());
  const names = Object.keys(JSON.parse(readFileSync(join(root, configuration), "utf8")));
  const own = names.filter((name) => isForeign(join(folder, name)));
  if (own.length > 0) {
    console.warn(`portcullis: ${folder} already has other hooks (${own.join(", ")}). They stay, and no hook is set`);
    return;
  }
  spawnSync(process.execPath, [tool, configuration], { cwd: root, stdio: "ignore" });
}

function isForeign(hook) {
  return existsSync(hook) && !readFileSync(hook, "utf8").includes("SKIP_SIMPLE_GIT_HOOKS");
}

for (const step of [patchDriver, linkCommand, setHooks]) {
  try {
    step();
  } catch (error) {
    console.warn(`portcullis: ${error instanceof Error ? error.message : String(error)}`);
  }
}
