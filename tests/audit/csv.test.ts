import { expect, test } from "vitest";
import { csvLine } from "../../src/audit/csv";

test("a line is what RFC 4180 says", () => {
  expect(csvLine(["a", 1, null, "", "b c"])).toBe("a,1,,,b c\r\n");
  expect(csvLine(['say "hi"', "a,b", "two\nlines", "\r"])).toBe('"say ""hi""","a,b","two\nlines","\'\r"\r\n');
});

test("no cell is a formula (AUD)", () => {
  for (const start of ["=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n"]) {
    const text = `${start}HYPERLINK("http://example.org")`;
    expect(csvLine([text]), JSON.stringify(start)).toMatch(/^"?'/);
  }
  expect(csvLine(["=1+1"])).toBe("'=1+1\r\n");
  expect(csvLine(["a=1"])).toBe("a=1\r\n");
  expect(csvLine([-1])).toBe("-1\r\n");
  // Where cells are separated by `;` or a tab, there is still one cell.
  expect(csvLine(["a;=1+1", "a\t=1+1"])).toBe('"a;=1+1","a\t=1+1"\r\n');
});
