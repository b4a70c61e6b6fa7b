import { TRPCClientError } from "@trpc/client";
import { expect, test } from "vitest";
import { asRefused, fieldText, RefusedRequest, refusedBy } from "#src/console/requests/refused-request";

test("asRefused keeps the reason, the message and the fields of an API refusal", () => {
  const error = TRPCClientError.from({
    error: {
      code: -32600,
      message: "The code is wrong.",
      data: { reason: "wrong_code", fields: { code: "wrong" } },
    },
  });
  expect(asRefused(error)).toMatchObject({
    reason: "wrong_code",
    message: "The code is wrong.",
    fields: { code: "wrong" },
  });
});

test("refusedBy gives a refused sign-in the same form", () => {
  expect(refusedBy({ message: "The credentials are wrong.", data: { reason: "sign_in_refused" } })).toMatchObject({
    reason: "sign_in_refused",
    message: "The credentials are wrong.",
    fields: {},
  });
});

test("a missing response becomes a refusal with the reason unreachable", () => {
  expect(refusedBy({})).toMatchObject({
    reason: "unreachable",
    message: expect.stringContaining("Cannot reach Portcullis"),
  });
  expect(asRefused(TRPCClientError.from(new TypeError("Failed to fetch")))).toMatchObject({ reason: "unreachable" });
});

test("asRefused returns a refusal unchanged and throws any other error", () => {
  const refused = new RefusedRequest("session_ended", "X");
  expect(asRefused(refused)).toBe(refused);
  expect(() => asRefused(new RangeError("internal"))).toThrow(RangeError);
});

test("a field with an unknown problem has a generic text", () => {
  expect(fieldText("something_new")).toBe("This is not accepted.");
});
