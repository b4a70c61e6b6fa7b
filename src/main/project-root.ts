import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Returns the project's folder: the nearest parent folder that contains the migrations. This works for source files and
 * bundles.
 */
export function projectRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "migrations", "meta", "_journal.json"))) {
    if (dirname(folder) === folder) throw new Error("the folder of migrations is not above this file");
    folder = dirname(folder);
  }
  return folder;
}
