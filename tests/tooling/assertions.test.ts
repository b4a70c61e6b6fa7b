import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testsWithoutAssertion } from "./assertions";

const tests = join(import.meta.dirname, "..");

test("every test asserts something: waiting for a state says nothing in a report", () => {
  const files = readdirSync(tests, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".test.ts"));
  expect(files.length).toBeGreaterThan(200);
  const found = files.flatMap((name) =>
    testsWithoutAssertion(name, readFileSync(join(tests, name), "utf8")).map((title) => `${name}: ${title}`),
  );
  expect(found).toEqual([]);
});

test.each([
  ["test('x', async () => { await until(() => 1); });", ["'x'"]],
  ["it.each([1])('x', (n) => { call(n); });", ["'x'"]],
  ["const wait = () => until(1); test('x', () => wait());", ["'x'"]],
  ["test('x', () => { expect(1).toBe(1); });", []],
  ["test('x', () => expect.poll(f).toBe(1));", []],
  ["function check() { expect(1).toBe(1); } test('x', () => check());", []],
  ["test('x', () => requireNoLeak());", []],
])("the tests without an assertion in `%s` are %j", (text, titles) => {
  expect(testsWithoutAssertion("planted.test.ts", text)).toEqual(titles);
});
