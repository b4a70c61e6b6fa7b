import { describe, expect, it } from "vitest";
import { readCookies } from "#src/http/sign-in/cookies";

const session = "__Host-portcullis.session";

describe("cookies of a request", () => {
  it.each<[string | null, Record<string, string>]>([
    [null, {}],
    ["", {}],
    ["a=1; b=2", { a: "1", b: "2" }],
    ["a=1;b=2;", { a: "1", b: "2" }],
    [" a = 1 ;\tb=2", { a: "1", b: "2" }],
    ["a", {}],
    ["a; b=2", { b: "2" }],
    ["a=", { a: "" }],
    ["a=b=c", { a: "b=c" }],
    ["a=%7C%20", { a: "| " }],
    ["a=%E0%A4%A", { a: "%E0%A4%A" }],
    ['a="1"', { a: '"1"' }],
    ["a=1, b=2", { a: "1, b=2" }],
    ["A=1; a=2", { A: "1", a: "2" }],
  ])("%j are read as %j", (header, cookies) => {
    expect({ ...readCookies(header) }).toEqual(cookies);
  });

  it("the first of several cookies with one name counts, even if it is empty", () => {
    expect(readCookies(`${session}=first; ${session}=second`)[session]).toBe("first");
    expect(readCookies(`${session}=; ${session}=second`)[session]).toBe("");
  });

  it("cookies can have the names of properties that every object has", () => {
    const cookies = readCookies("__proto__=1; constructor=2");
    expect(Object.entries(cookies)).toEqual([
      ["__proto__", "1"],
      ["constructor", "2"],
    ]);
    expect(readCookies("a=1").toString).toBeUndefined();
  });

  // A browser does not check the prefix of a name that begins with another character than the prefix.
  it.each(["\u00a0", "\u0085", "\ufeff", "\u2003", "\v", "\f"])(
    "a cookie does not get the prefix __Host- because %j is trimmed",
    (space) => {
      expect(readCookies(`${space}${session}=planted`)[session]).toBeUndefined();
      expect(readCookies(`${space}${session}=planted; ${session}=own`)[session]).toBe("own");
    },
  );
});
