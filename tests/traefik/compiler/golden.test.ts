import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { compileGolden, expectedOf, goldenCases } from "./golden-case";

/** `GOLDEN=write` writes the current output. Read the difference before you commit it. */
const WRITE = process.env.GOLDEN === "write";
const CASES = goldenCases();

describe("compiled files (DK-17, DK-18, PO-13)", () => {
  test("there are at least forty golden cases", () => {
    expect(CASES.length).toBeGreaterThanOrEqual(40);
  });

  test.each(CASES)("the compiled output is as expected: $name", (golden) => {
    const { file, rest } = compileGolden(golden);
    if (WRITE) {
      const expected = { fileName: file?.name ?? null, ...rest };
      writeFileSync(`${golden.folder}expected.json`, `${JSON.stringify(expected, null, 2)}\n`);
      if (file !== null) writeFileSync(`${golden.folder}expected.yml.txt`, file.text);
    }
    const expected = expectedOf(golden);
    expect(expected, "the case has no expected output").toBeDefined();
    expect(rest).toEqual(expected?.rest);
    expect(file?.name ?? null).toBe(expected?.fileName);
    expect(file?.text ?? null).toBe(expected?.text);
  });
});
