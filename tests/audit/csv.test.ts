import { expect, test } from "vitest";
import { csvLine } from "#src/audit/csv";

test("csvLine quotes cells as RFC 4180 requires", () => {
  expect(csvLine(["a", 1, null, "", "b c"])).toBe("a,1,,,b c\r\n");
  expect(csvLine(['say "hi"', "a,b", "two\nlines", "\r"])).toBe('"say ""hi""","a,b","two\nlines","\'\r"\r\n');
});

test("csvLine neutralizes every cell that begins like a formula (AUD)", () => {
  for (const start of ["=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n"]) {
    const text = `${start}HYPERLINK("http://example.org")`;
    expect(csvLine([text]), JSON.stringify(start)).toMatch(/^"?'/);
  }
  expect(csvLine(["=1+1"])).toBe("'=1+1\r\n");
  expect(csvLine(["a=1"])).toBe("a=1\r\n");
  expect(csvLine([-1])).toBe("-1\r\n");
  // If `;` or a tab separates cells, this is still one cell.
  expect(csvLine(["a;=1+1", "a\t=1+1"])).toBe('"a;=1+1","a\t=1+1"\r\n');
});
