import { expect, test } from "vitest";
import { allBreaks } from "./all-breaks";
import { problemsOf } from "./problems-of";

test("every break of the list still breaks what it says it breaks", () => {
  expect(problemsOf(allBreaks)).toEqual([]);
  expect(allBreaks.length).toBeGreaterThan(600);
});
