import { expect, it } from "vitest";
import { isUnreachable } from "#src/database/database-errors";

const withCode = (code: string) => Object.assign(new Error(), { code });

it.each([
  "UNSAFE_TRANSACTION",
  "CONNECTION_CLOSED",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "28P01",
  "53100",
  "53300",
  "57P03",
  "57P05",
])("isUnreachable is true for %s, even if Drizzle has wrapped the error", (code) => {
  expect(isUnreachable(withCode(code))).toBe(true);
  expect(isUnreachable(new Error("Failed query", { cause: withCode(code) }))).toBe(true);
});

it.each(["23505", "42501", "TRANSACTION_ENDED", "TRANSACTION_ROLLED_BACK"])("isUnreachable is false for %s", (code) => {
  expect(isUnreachable(withCode(code))).toBe(false);
});
