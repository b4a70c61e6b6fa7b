import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder: from a source file and from a bundle alike, the nearest one above with the migrations. */
export function projectRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "migrations", "meta", "_journal.json"))) {
    if (dirname(folder) === folder) throw new Error("the folder of migrations is not above this file");
    folder = dirname(folder);
  }
  return folder;
}
