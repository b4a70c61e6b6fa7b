import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { compileGolden, expectedOf, goldenCases } from "./golden-case";

/** `GOLDEN=write` writes what is compiled now: read the difference before it is committed. */
const WRITE = process.env.GOLDEN === "write";
const CASES = goldenCases();

describe("compiled files (DK-17, DK-18, PO-13)", () => {
  test("there are at least forty facts", () => {
    expect(CASES.length).toBeGreaterThanOrEqual(40);
  });

  test.each(CASES)("$name", (golden) => {
    const { file, rest } = compileGolden(golden);
    if (WRITE) {
      const expected = { fileName: file?.name ?? null, ...rest };
      writeFileSync(`${golden.folder}expected.json`, `${JSON.stringify(expected, null, 2)}\n`);
      if (file !== null) writeFileSync(`${golden.folder}expected.yml.txt`, file.text);
    }
    const expected = expectedOf(golden);
    expect(expected, "a fact without its expected output").toBeDefined();
    expect(rest).toEqual(expected?.rest);
    expect(file?.name ?? null).toBe(expected?.fileName);
    expect(file?.text ?? null).toBe(expected?.text);
  });
});
