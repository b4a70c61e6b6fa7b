import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextSlug, slugOf } from "#src/platform/slugs";

const form = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

describe("a slug", () => {
  it.each([
    ["Wiki", "wiki"],
    ["  My  Wiki, v2! ", "my-wiki-v2"],
    ["Größe & Łódź", "grosse-lodz"],
    ["Ærøskøbing", "aeroskobing"],
    ["ＦＵＬＬ", "full"],
    ["İstanbul", "istanbul"],
    ["xn--bcher-kva", "xn-bcher-kva"],
    ["a--b__c", "a-b-c"],
    ["-", "app"],
    ["", "app"],
    ["管理", "app"],
    ["🦊", "app"],
    ["2024", "app-2024"],
    ["{{ env `HOME` }}", "env-home"],
    ["x".repeat(100), "x".repeat(63)],
    [`${"x".repeat(62)} y`, "x".repeat(62)],
    ["7".repeat(100), `app-${"7".repeat(59)}`],
  ])("the slug of %j is %j", (name, slug) => {
    expect(slugOf(name)).toBe(slug);
  });

  it("the slug of any name is a DNS label with a letter, and is its own slug", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" })), (name) => {
        const slug = slugOf(name);
        expect(slug).toMatch(form);
        expect(slug).toMatch(/[a-z]/);
        expect(slugOf(slug)).toBe(slug);
      }),
    );
  });
});

describe("the next slug", () => {
  it("the next slug is the base, or the base with the first free number", () => {
    expect(nextSlug("wiki", new Set())).toBe("wiki");
    expect(nextSlug("wiki", new Set(["wiki"]))).toBe("wiki-2");
    expect(nextSlug("wiki", new Set(["wiki", "wiki-2", "wiki-4"]))).toBe("wiki-3");
  });

  it("the next slug has at most 63 characters and is never taken", () => {
    const taken = new Set<string>();
    for (let count = 0; count < 150; count += 1) {
      const slug = nextSlug(`${"x".repeat(60)}-yz`, taken);
      expect(slug).toMatch(form);
      expect(slug).not.toContain("--");
      expect(taken.has(slug)).toBe(false);
      taken.add(slug);
    }
  });
});
