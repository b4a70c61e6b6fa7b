import { describe, expect, test } from "vitest";
import { returnAddress } from "#src/console/requests/return-address";

const origin = "https://portcullis.example.org";
const addressFor = (callbackUrl: string, hash = "") =>
  returnAddress({ search: `?${new URLSearchParams({ callbackUrl })}`, origin, hash });

describe("returnAddress", () => {
  test("returns the requested page of the console", () => {
    expect(addressFor("/account?tab=2#passkeys", "#token")).toBe(`${origin}/account?tab=2#passkeys`);
    expect(addressFor(`${origin}/account`)).toBe(`${origin}/account`);
  });

  test("keeps the token of a link, which no server receives", () => {
    expect(addressFor("/accept-invitation", "#token")).toBe(`${origin}/accept-invitation#token`);
  });

  test.each([
    "https://evil.example/",
    "//evil.example/",
    "\\\\evil.example/",
    "/\\evil.example",
    "http://portcullis.example.org/account",
    "https://portcullis.example.org.evil.example/",
    "https://portcullis.example.org@evil.example/",
    "javascript:alert(1)",
    "data:text/html,x",
    "https://[",
  ])("never leads to another site: %s", (callbackUrl) => {
    expect(addressFor(callbackUrl)).toBe(`${origin}/`);
  });

  test("never leads to another site through a path that begins like a host", () => {
    expect(new URL(addressFor(`${origin}//evil.example`), origin).origin).toBe(origin);
    expect(new URL(addressFor("/.//evil.example"), origin).origin).toBe(origin);
  });

  test("leads to the first page if no page was requested", () => {
    expect(returnAddress({ search: "", origin, hash: "" })).toBe(`${origin}/`);
  });
});
