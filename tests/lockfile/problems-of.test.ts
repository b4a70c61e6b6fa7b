import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { problemsOf } from "./problems-of";

const root = join(import.meta.dirname, "../..");
const read = (name: string): unknown => JSON.parse(readFileSync(join(root, name), "utf8"));

const integrity = `sha512-${"A".repeat(86)}==`;
const manifest = { dependencies: { compiler: "2.0.0" }, devDependencies: { tool: "^1.0.0" } };

/** A complete lockfile; `changes` replaces entries, and removes those that are undefined. */
function lockfile(changes: Record<string, object | undefined> = {}): unknown {
  const complete = {
    "": { name: "project", version: "1.0.0", ...manifest },
    "node_modules/compiler": {
      version: "2.0.0",
      integrity,
      optionalDependencies: { "@compiler/darwin-arm64": "2.0.0", "@compiler/linux-x64": "2.0.0" },
    },
    "node_modules/@compiler/darwin-arm64": { version: "2.0.0", integrity, optional: true },
    "node_modules/@compiler/linux-x64": { version: "2.0.0", integrity, optional: true },
    "node_modules/tool": { version: "1.4.0", integrity, dev: true, dependencies: { compiler: "1.x" } },
    "node_modules/tool/node_modules/compiler": { version: "1.9.0", integrity, dev: true },
  };
  const packages = Object.entries({ ...complete, ...changes }).filter(([, entry]) => entry !== undefined);
  return { lockfileVersion: 3, packages: Object.fromEntries(packages) };
}

test("the committed lockfile has an entry for every package of every platform", () => {
  expect(problemsOf(read("package-lock.json"), read("package.json"))).toEqual([]);
});

test("a complete lockfile has no problems", () => {
  expect(problemsOf(lockfile(), manifest)).toEqual([]);
});

test("an optional dependency without its own entry is a problem", () => {
  const incomplete = lockfile({ "node_modules/@compiler/darwin-arm64": undefined });
  expect(problemsOf(incomplete, manifest)).toEqual([
    "node_modules/compiler needs @compiler/darwin-arm64@2.0.0, which has no entry.",
  ]);
});

test("an entry with another version than the required one is a problem", () => {
  const outdated = lockfile({ "node_modules/@compiler/darwin-arm64": { version: "1.9.9", integrity } });
  expect(problemsOf(outdated, manifest)).toEqual([
    "node_modules/compiler needs @compiler/darwin-arm64@2.0.0, but the entry has version 1.9.9.",
  ]);
});

test("an entry below one package does not count for another package", () => {
  const misplaced = lockfile({
    "node_modules/@compiler/darwin-arm64": undefined,
    "node_modules/tool/node_modules/@compiler/darwin-arm64": { version: "2.0.0", integrity },
  });
  expect(problemsOf(misplaced, manifest)).toHaveLength(1);
});

test("an entry without integrity is a problem", () => {
  for (const weak of [undefined, "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=", "sha512-"]) {
    const entry = { version: "2.0.0", ...(weak === undefined ? {} : { integrity: weak }) };
    expect(problemsOf(lockfile({ "node_modules/@compiler/linux-x64": entry }), manifest)).toEqual([
      "node_modules/@compiler/linux-x64@2.0.0 has no integrity of type sha512.",
    ]);
  }
});

test("an entry that names a registry is a problem", () => {
  const named = { version: "2.0.0", integrity, resolved: "https://registry.example/compiler.tgz" };
  expect(problemsOf(lockfile({ "node_modules/@compiler/linux-x64": named }), manifest)).toEqual([
    'node_modules/@compiler/linux-x64 has the field "resolved", which names a registry. This lockfile must not name one.',
  ]);
});

test("a dependency of package.json that is missing from the lockfile is a problem", () => {
  const extended = { ...manifest, dependencies: { ...manifest.dependencies, added: "1.0.0" } };
  expect(problemsOf(lockfile(), extended)).toEqual([
    "The dependencies of package-lock.json differ from those of package.json.",
  ]);
});
