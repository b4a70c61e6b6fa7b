import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parsePathPrefix } from "#src/platform/net/path-prefixes";

const accepted: [string, string | null][] = [
  ["", null],
  ["/", null],
  ["/admin", "/admin"],
  ["/admin/", "/admin"],
  ["/Admin", "/Admin"],
  ["/api/v1.2/~ada/@me", "/api/v1.2/~ada/@me"],
  ["/...", "/..."],
  ["/.well-known", "/.well-known"],
  [`/${"a".repeat(254)}`, `/${"a".repeat(254)}`],
];

const refusals: [string, string][] = [
  ["admin", "path_not_absolute"],
  [" /admin", "path_not_absolute"],
  ["https://a.org/", "path_not_absolute"],
  [`/${"a".repeat(255)}`, "path_too_long"],
  ["//", "path_empty_segment"],
  ["//admin", "path_empty_segment"],
  ["/admin//", "path_empty_segment"],
  ["/a//b", "path_empty_segment"],
  ["/.", "path_dot_segment"],
  ["/a/../b", "path_dot_segment"],
  ["/a/.", "path_dot_segment"],
  ["/a/../", "path_dot_segment"],
  ["/%61dmin", "path_bad_character"],
  ["/admin;a", "path_bad_character"],
  ["/a b", "path_bad_character"],
  ["/admin?x", "path_bad_character"],
  ["/admin#x", "path_bad_character"],
  ["/a\\b", "path_bad_character"],
  ["/a`) || Path(`/b", "path_bad_character"],
  ["/{{x}}", "path_bad_character"],
  ["/{id:[0-9]+}", "path_bad_character"],
  ["/a*", "path_bad_character"],
  ['/a"', "path_bad_character"],
  ["/a'", "path_bad_character"],
  ["/a║b", "path_bad_character"],
  ["/é", "path_bad_character"],
  ["/a\n", "path_bad_character"],
  ["/a\u0000", "path_bad_character"],
  ["/a\ud800", "path_bad_character"],
];

describe("a path prefix (ADR-6)", () => {
  it.each(accepted)("the path prefix %j has the normal form %j", (typed, pathPrefix) => {
    expect(parsePathPrefix(typed)).toEqual({ ok: true, pathPrefix });
  });

  it.each(refusals)("the path prefix %j is refused with %s", (typed, problem) => {
    expect(parsePathPrefix(typed)).toEqual({ ok: false, problem });
  });

  it("a path prefix in normal form is its own normal form, and a URL does not change it", () => {
    const nearly = fc
      .array(fc.oneof(fc.stringMatching(/^[a-zA-Z0-9.~_-]{0,5}$/), fc.string({ maxLength: 3 })), { maxLength: 5 })
      .map((segments) => `/${segments.join("/")}`);
    fc.assert(
      fc.property(fc.oneof(nearly, fc.webPath(), fc.string({ unit: "binary" })), (text) => {
        const parsed = parsePathPrefix(text);
        if (!parsed.ok || parsed.pathPrefix === null) return;
        expect(parsePathPrefix(parsed.pathPrefix)).toEqual(parsed);
        expect(new URL(`http://a.org${parsed.pathPrefix}`).pathname).toBe(parsed.pathPrefix);
        expect(parsed.pathPrefix).toMatch(/^(\/[^/]+)+$/);
      }),
      { numRuns: 2_000 },
    );
  });
});
