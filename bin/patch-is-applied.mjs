import { readFileSync } from "node:fs";

/** Lines that only the patch brings, by file of the driver. */
const SIGNS = {
  "connection.js": "if (!socket) {\n      queryError(q, Errors.connection('CONNECTION_CLOSED', options))",
  "index.js": "if (lost)\n          return q.reject(lost)",
};

/**
 * Whether the PostgreSQL driver is the mended one (`patches/`). Unmended it ends the process when the server goes
 * away in the middle of a transaction, and runs the rest of a lost transaction in somebody else's.
 * @returns {boolean} false too where there is no driver
 */
export function patchIsApplied() {
  try {
    const driver = import.meta.resolve("postgres");
    return Object.entries(SIGNS).every(([file, sign]) => readFileSync(new URL(file, driver), "utf8").includes(sign));
  } catch {
    return false;
  }
}

/** What to say, in one line, before refusing to start. */
export const PATCH_IS_MISSING =
  "the PostgreSQL driver in node_modules is not mended (patches/postgres+3.4.9.patch): run `npm install`, or `node bin/postinstall.mjs` if scripts are turned off";
