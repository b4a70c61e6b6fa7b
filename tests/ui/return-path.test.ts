import { describe, expect, test } from "vitest";
import { returnPath } from "../../src/ui/requests/return-path";

const origin = "https://portcullis.example.org";
const asked = (callbackUrl: string, hash = "") =>
  returnPath({ search: `?${new URLSearchParams({ callbackUrl })}`, origin, hash });

describe("where somebody goes after signing in", () => {
  test("the page of ours that was asked for", () => {
    expect(asked("/account?tab=2#passkeys")).toBe("/account?tab=2#passkeys");
    expect(asked(`${origin}/account`)).toBe("/account");
    expect(asked("/accept-invitation", "#token")).toBe("/accept-invitation#token");
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
    const path = asked(callbackUrl);
    expect(new URL(path, origin).origin).toBe(origin);
    expect(path).toBe("/");
  });

  test("a path that a browser would read as another host stays a path", () => {
    expect(new URL(asked(`${origin}//evil.example`), origin).origin).toBe(origin);
  });

  test("the first page, where nothing was asked", () => {
    expect(returnPath({ search: "", origin, hash: "" })).toBe("/");
  });
});
