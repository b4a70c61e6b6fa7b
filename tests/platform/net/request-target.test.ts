import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readRequestTarget } from "#src/platform/net/request-target";

const long = (length: number) => `/${"a".repeat(length - 1)}`;

describe("a request target", () => {
  it.each([
    ["/", "/"],
    ["/healthz", "/healthz"],
    ["/api/trpc/security.one", "/api/trpc/security.one"],
    ["/api/trpc/a,b?batch=1", "/api/trpc/a,b"],
    ['/api/trpc/security.one?input={"securityId":"x"}', "/api/trpc/security.one"],
    ["/api/trpc/security.one?input=%7B%22a%22%3A%22..%2F..%22%7D&x=//y/../z\\w", "/api/trpc/security.one"],
    ["/api/trpc/security.one?", "/api/trpc/security.one"],
    ["/_next/static/chunks/%5Btrpc%5D-1~2.js", "/_next/static/chunks/%5Btrpc%5D-1~2.js"],
    ["/b%C3%BCro", "/b%C3%BCro"],
    ["/.well-known/change-password", "/.well-known/change-password"],
    ["/a..b/.../..c/d..", "/a..b/.../..c/d.."],
  ])("the request target %s has the path %s", (target, path) => {
    expect(readRequestTarget(target)).toEqual({ ok: true, path });
  });

  it.each([
    "",
    "*",
    "api/trpc/security.one",
    "http://127.0.0.1/api/trpc/security.one",
    "HTTP://evil.example/api/trpc/security.one",
    "127.0.0.1:3000",
    "//api/trpc/security.one",
    "//evil.example/api/trpc/security.one",
    "/api//trpc/security.one",
    "/api/trpc/security.one//",
    "/x/../api/trpc/security.one",
    "/./api/trpc/security.one",
    "/_next/../api/trpc/security.one",
    "/api/trpc/x/..",
    "/api/trpc/.",
    "/.",
    "/..",
    "/..?x",
    "/%2e/api/trpc/security.one",
    "/x/%2e%2E/api/trpc/security.one",
    "/x/.%2e/api/trpc/security.one",
    "/x/%252e%252e/api/trpc/security.one",
    "/api%2ftrpc/security.one",
    "/api%2Ftrpc/security.one",
    "/api%5ctrpc/security.one",
    "/api\\trpc\\security.one",
    "\\api\\trpc\\security.one",
    "/\\evil.example/api/trpc/security.one",
    "/x\\..\\api/trpc/security.one",
    "/%61pi/trpc/security.one",
    "/api/trpc/security%2Eone",
    "/api/trpc/security.one%00",
    "/api/trpc/security.one%0a",
    "/api/trpc/security.one%7f",
    "/api/trpc/security.one\0",
    "/api/trpc/security.one\t",
    "/api/trpc/security.one x",
    "/api/trpc/security.one#x",
    "/api/trpc/security.one?a#x",
    "/api/trpc/security.one?a b",
    "/api/trpc/security.one?ä",
    "/api/trpc/sécurity.one",
    "/api/trpc/%",
    "/api/trpc/%zz",
    "/api/trpc/%c0%ae%c0%ae/x",
    "/api/trpc/%ff",
    '/api/"x"',
    "/api/<x>",
    "/api/{x}|^`",
  ])("the request target %j is refused with 400", (target) => {
    expect(readRequestTarget(target)).toMatchObject({ ok: false, status: 400 });
  });

  it.each([long(1_025), `/?${"a".repeat(8_191)}`, `/x/../${"a".repeat(9_000)}`])(
    "a request target that is too long is refused with 414",
    (target) => {
      expect(readRequestTarget(target)).toMatchObject({ ok: false, status: 414 });
    },
  );

  it("a request target is accepted up to its length limits", () => {
    expect(readRequestTarget(long(1_024))).toMatchObject({ ok: true });
    expect(readRequestTarget(`/?${"a".repeat(8_190)}`)).toMatchObject({ ok: true });
  });

  it("an accepted request target has the same path for the URL parser, and decoding keeps its segments", () => {
    const piece = fc.constantFrom(
      "/",
      ".",
      "..",
      "%2e",
      "%2F",
      "%5c",
      "%00",
      "\\",
      "a",
      "api",
      "%61",
      ";",
      "?",
      "#",
      "%",
      " ",
    );
    const targets = fc.oneof(
      fc.array(piece).map((pieces) => `/${pieces.join("")}`),
      fc.string({ unit: "binary-ascii" }),
      fc.webPath(),
    );
    fc.assert(
      fc.property(targets, (target) => {
        const read = readRequestTarget(target);
        if (!read.ok) return;
        expect(new URL(`http://portcullis.invalid${target}`).pathname).toBe(read.path);
        expect(decodeURIComponent(read.path).split("/").length).toBe(read.path.split("/").length);
        expect(target.split("?", 1)[0]).toBe(read.path);
      }),
      { numRuns: 2_000 },
    );
  });
});
