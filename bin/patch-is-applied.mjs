import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * Checks that the PostgreSQL driver contains every line of the current patch (`patches/`), in each of its builds.
 * Without the patch, the driver can lose confirmed writes and end the process. An earlier patch fixes only some of this.
 * @param {string} [installation] the folder that contains `patches` and `node_modules`
 * @returns {boolean} also false if there is no driver
 */
export function patchIsApplied(installation = root) {
  try {
    const folder = join(installation, "patches");
    const patches = readdirSync(folder).filter((name) => name.endsWith(".patch"));
    return (
      patches.length > 0 &&
      patches.every((name) => holdsAddedLines(installation, readFileSync(join(folder, name), "utf8")))
    );
  } catch {
    return false;
  }
}

function holdsAddedLines(installation, patch) {
  let lines = new Set();
  return patch.split("\n").every((line) => {
    if (line.startsWith("+++ b/")) {
      lines = new Set(readFileSync(join(installation, line.slice("+++ b/".length)), "utf8").split("\n"));
      return true;
    }
    return !line.startsWith("+") || lines.has(line.slice(1));
  });
}

/** The line that is printed before the build is refused. */
export const PATCH_IS_MISSING =
  "the PostgreSQL driver in node_modules does not contain the current patch (patches/postgres+3.4.9.patch). Run `npm install`, or `node bin/prepare.mjs` if install scripts are turned off. If that does not help, delete node_modules/postgres first";
