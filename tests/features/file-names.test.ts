import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectFolder } from "../support/test-database";

const root = join(projectFolder, "src/features");
const closed = new Set([
  "contract",
  "resource",
  "create",
  "one",
  "list",
  "update",
  "delete",
  "rows",
  "rules",
  "operations",
]);

const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((path) =>
  statSync(join(root, path)).isFile(),
);

test("every file of a feature has a name of the closed set, or is one act", () => {
  expect(files.length).toBeGreaterThan(100);
  for (const path of files.filter((file) => file.includes("/"))) {
    const name = path.slice(path.lastIndexOf("/") + 1).replace(/\.ts$/, "");
    if (closed.has(name)) continue;
    const text = readFileSync(join(root, path), "utf8");
    expect(text, `${path} is an act: it declares an operation, or does one job`).toMatch(
      /(?:o|visitorO|openO)peration\(|^export (?:const|async function|function)\b/m,
    );
    expect(text.split("\n").length, `${path} has more than one subject`).toBeLessThan(215);
  }
});

test("no feature has an index, helpers or utilities", () => {
  expect(files.filter((path) => /(?:^|\/)(?:index|helpers?|utils?|common|misc)\.ts$/.test(path))).toEqual([]);
});
