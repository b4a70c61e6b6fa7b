import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";

const climbing = /(?:\bfrom\s*|\bimport\s*\(\s*)"((?:\.\.\/){2,}[^"]+)"/g;

/** The imports of a file that climb two or more folders to a module that has an alias in `imports` of package.json. */
function climbsOf(file: string, text: string): string[] {
  return [...text.matchAll(climbing)]
    .map(([, specifier = ""]) => normalize(join(dirname(file), specifier)).replaceAll("\\", "/"))
    .filter((target) => /^(?:src|drizzle|tests)\//.test(target) && existsSync(`${target}.ts`));
}

test("no module climbs two folders to another one that has an alias", () => {
  const files = ["src", "drizzle", "tests", "bench", "demo"].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" }).map((path) => join(folder, path)),
  );
  const sources = files.filter((path) => /\.tsx?$/.test(path) && !path.includes("planted"));
  expect(sources.length).toBeGreaterThan(500);
  expect(sources.flatMap((file) => climbsOf(file, readFileSync(file, "utf8")))).toEqual([]);
});

test("an import that climbs two folders is found", () => {
  const text = 'import { newId } from "../../platform/ids";\nimport { one } from "./one";\n';
  expect(climbsOf("src/features/routes/create.ts", text)).toEqual(["src/platform/ids"]);
});
