import { expect, test } from "vitest";
import { allMutants } from "./all-mutants";
import { problemsOf } from "./problems-of";

test("every mutant applies to exactly one place of the source", () => {
  expect(problemsOf(allMutants)).toEqual([]);
});

test("the list stays at about a hundred mutants, each with a description of its own", () => {
  expect(allMutants.length).toBeGreaterThanOrEqual(90);
  expect(allMutants.length).toBeLessThanOrEqual(110);
  expect(new Set(allMutants.map(({ description }) => description)).size).toBe(allMutants.length);
});
