import { TRPCClientError } from "@trpc/client";
import { expect, test } from "vitest";
import { asRefused, fieldText, Refused, refusedBy } from "../../src/console/requests/refused";

test("a refusal of the API keeps its reason, its words and its inputs", () => {
  const error = TRPCClientError.from({
    error: {
      code: -32600,
      message: "This code does not fit.",
      data: { reason: "wrong_code", fields: { code: "wrong" } },
    },
  });
  expect(asRefused(error)).toMatchObject({
    reason: "wrong_code",
    message: "This code does not fit.",
    fields: { code: "wrong" },
  });
});

test("a refusal of sign-in has the same form", () => {
  expect(refusedBy({ message: "They do not fit.", data: { reason: "sign_in_refused" } })).toMatchObject({
    reason: "sign_in_refused",
    message: "They do not fit.",
    fields: {},
  });
});

test("where nothing answers, it says so", () => {
  expect(refusedBy({})).toMatchObject({ reason: "unreachable", message: expect.stringContaining("does not answer") });
  expect(asRefused(TRPCClientError.from(new TypeError("Failed to fetch")))).toMatchObject({ reason: "unreachable" });
});

test("a refusal goes through unchanged, and a mistake of ours is not made one", () => {
  const refused = new Refused("session_ended", "X");
  expect(asRefused(refused)).toBe(refused);
  expect(() => asRefused(new RangeError("ours"))).toThrow(RangeError);
});

test("an unknown word at an input is still said", () => {
  expect(fieldText("something_new")).toBe("This is not accepted.");
});
