import { readdirSync } from "node:fs";
import { join, sep } from "node:path";
import { expect, test } from "vitest";
import { longest } from "../support/file-order";
import { testsInFullLengthOnly, testsOnPostgresAlone } from "../support/short-run.mjs";

const files = readdirSync("tests", { recursive: true, encoding: "utf8" }).map((path) => path.replaceAll(sep, "/"));

test.each(longest)("the entry %s of the longest files names one file or folder", (part) => {
  expect(files.filter((path) => path.startsWith(`${part}.`) || path === part)).toHaveLength(1);
});

test("what npm test leaves out exists, and is no test of the gateway, of tenants or of secrets", () => {
  const left = testsInFullLengthOnly();
  expect(left).toHaveLength(4);
  expect(left.filter((path) => /^tests.(?:gateway|access|features|delivery|audit)./.test(path))).toEqual([]);
});

test("the tests that run on PostgreSQL alone are tests that can run on both databases", () => {
  const alone = testsOnPostgresAlone();
  expect(alone.length).toBeGreaterThan(50);
  for (const path of alone) expect(path.endsWith(".db.test.ts"), path).toBe(true);
  expect(alone).not.toContain(join("tests", "delivery", "restore.db.test.ts"));
});
