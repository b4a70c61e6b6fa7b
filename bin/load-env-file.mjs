import { existsSync, readFileSync } from "node:fs";

/**
 * Takes the settings of an `.env` file into the environment. What the environment says already stays.
 * @param {string} path of the file, which need not exist
 * @param parseEnvFile the reader (`src/main/settings/env-file.ts`)
 * @returns {string | null} why the file cannot be used, in one line
 */
export function loadEnvFile(path, parseEnvFile) {
  if (!existsSync(path)) return null;
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
