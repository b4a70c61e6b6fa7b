import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const packages = JSON.parse(readFileSync("package.json", "utf8")) as Record<
  "dependencies" | "devDependencies",
  Record<string, string>
>;
/** The rows of the tables: each name in the first column, with the text of the second. */
const rows = readFileSync("docs/dependencies.md", "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .flatMap((line) => {
    const [, names = "", version = ""] = line.split("|").map((cell) => cell.trim());
    return [...names.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => ({ name, version }));
  });

const names = Object.entries({ ...packages.dependencies, ...packages.devDependencies }).filter(
  ([name]) => !name.startsWith("@types/"),
);

test.each(names)("docs/dependencies.md explains why %s is used, and states its version", (name, version) => {
  const row = rows.find((one) => one.name === name);
  expect(row, `no row names ${name}`).toBeDefined();
  const stated = (row?.version ?? "").split(",").map((text) => text.trim());
  expect(stated.some((text) => version === text || version.startsWith(`${text}.`))).toBe(true);
});

test("docs/dependencies.md lists no package that is not used", () => {
  const known = new Set([...names.map(([name]) => name), "@types/*"]);
  expect(rows.map(({ name }) => name).filter((name) => !known.has(name))).toEqual([]);
});
