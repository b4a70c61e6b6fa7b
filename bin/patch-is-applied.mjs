import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * Checks that the PostgreSQL driver holds every line of the present patch (`patches/`), in each of its builds. Without
 * it the driver can lose answered writes and end the process; with a former patch some of that is left.
 * @param {string} [installation] folder that holds `patches` and `node_modules`
 * @returns {boolean} false as well where there is no driver
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

/** The one line to print before refusing to build. */
export const PATCH_IS_MISSING =
  "the PostgreSQL driver in node_modules does not hold the present patch (patches/postgres+3.4.9.patch): run `npm install`, or `node bin/prepare.mjs` if scripts are turned off. If that does not help, delete node_modules/postgres first";
