import { describe, expect, test } from "vitest";
import { returnAddress } from "../../src/console/requests/return-address";

const origin = "https://portcullis.example.org";
const asked = (callbackUrl: string, hash = "") =>
  returnAddress({ search: `?${new URLSearchParams({ callbackUrl })}`, origin, hash });

describe("where somebody goes after signing in", () => {
  test("the page of ours that was asked for", () => {
    expect(asked("/account?tab=2#passkeys", "#token")).toBe(`${origin}/account?tab=2#passkeys`);
    expect(asked(`${origin}/account`)).toBe(`${origin}/account`);
  });

  test("with the token of a link, which no server sees", () => {
    expect(asked("/accept-invitation", "#token")).toBe(`${origin}/accept-invitation#token`);
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
  ])("never elsewhere: %s", (callbackUrl) => {
    expect(asked(callbackUrl)).toBe(`${origin}/`);
  });

  test("never elsewhere by a path that begins like a host", () => {
    expect(new URL(asked(`${origin}//evil.example`), origin).origin).toBe(origin);
    expect(new URL(asked("/.//evil.example"), origin).origin).toBe(origin);
  });

  test("the first page, where nothing was asked", () => {
    expect(returnAddress({ search: "", origin, hash: "" })).toBe(`${origin}/`);
  });
});
