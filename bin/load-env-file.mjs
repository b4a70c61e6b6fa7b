import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * Takes the settings of an `.env` file into the environment. What the environment says already stays.
 * @param {string} path of the file, which need not exist
 * @param {string} build folder of the build, which holds the reader
 * @returns {Promise<string | null>} why the file cannot be used, in one line
 */
export async function loadEnvFile(path, build) {
  if (!existsSync(path)) return null;
  const { parseEnvFile } = await import(pathToFileURL(join(build, "env-file.mjs")).href);
  let read;
  try {
    read = parseEnvFile(readFileSync(path));
  } catch (error) {
    return `${path} cannot be read (${error.code})`;
  }
  if (!read.ok) return `${path}, line ${read.line}: it ${read.problem}`;
  for (const [name, value] of read.values) process.env[name] ??= value;
  return null;
}
