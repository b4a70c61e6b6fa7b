import { expect, it } from "vitest";
import { isUnreachable } from "../../src/database/database-errors";

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
])("counts %s as a database that does not answer, also where drizzle has wrapped it", (code) => {
  expect(isUnreachable(withCode(code))).toBe(true);
  expect(isUnreachable(new Error("Failed query", { cause: withCode(code) }))).toBe(true);
});

it.each(["23505", "42501", "TRANSACTION_ENDED", "TRANSACTION_ROLLED_BACK"])(
  "does not count %s as a database that does not answer",
  (code) => {
    expect(isUnreachable(withCode(code))).toBe(false);
  },
);
