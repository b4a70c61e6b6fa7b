import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { apiKeyPrefix, makeApiKey, parseApiKey } from "#src/access/api-keys";

describe("API keys", () => {
  it("an API key has a constant prefix, 32 random bytes and a checksum, and is stored as its SHA-256", () => {
    const { key, hash } = makeApiKey(() => Buffer.alloc(32, 0xab));
    expect(key).toBe(`pcl_${"ab".repeat(32)}${key.slice(-8)}`);
    expect(key).toMatch(/^pcl_[0-9a-f]{72}$/);
    expect(key.startsWith(apiKeyPrefix)).toBe(true);
    expect(hash).toBe(createHash("sha256").update(key).digest("hex"));
    expect(parseApiKey(key)).toEqual({ ok: true, hash });
  });

  it("an API key keeps its form when the checksum starts with zeros", () => {
    for (let count = 0; count < 2_000; count += 1) {
      const { key, hash } = makeApiKey(randomBytes);
      expect(key).toHaveLength(76);
      expect(parseApiKey(key)).toEqual({ ok: true, hash });
    }
  });

  it("parseApiKey rejects a key with one character changed, dropped, doubled or swapped with the next", () => {
    const { key } = makeApiKey(randomBytes);
    for (let at = 0; at < key.length; at += 1) {
      const before = key.slice(0, at);
      const character = key.charAt(at);
      const after = key.slice(at + 1);
      const other = character === "0" ? "1" : "0";
      const changed = [`${before}${other}${after}`, `${before}${after}`, `${before}${character}${character}${after}`];
      if (character !== key.charAt(at + 1))
        changed.push(`${before}${key.charAt(at + 1)}${character}${key.slice(at + 2)}`);
      for (const text of changed) if (text !== key) expect([text, parseApiKey(text)]).toEqual([text, { ok: false }]);
    }
  });

  it("parseApiKey rejects a key in upper case, with surrounding space or as part of a longer text", () => {
    const { key } = makeApiKey(() => Buffer.alloc(32, 0xcd));
    for (const text of ["", key.toUpperCase(), ` ${key}`, `${key}\n`, `${key}, ${key}`, `Bearer ${key}`]) {
      expect(parseApiKey(text)).toEqual({ ok: false });
    }
  });

  it("parseApiKey rejects any other text without throwing", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
        expect(parseApiKey(text).ok).toBe(false);
      }),
    );
  });

  it("makeApiKey throws if its random source returns too few bytes", () => {
    expect(() => makeApiKey(() => Buffer.alloc(16))).toThrow(RangeError);
  });

  it("an API key matches the expressions that the documentation gives for secret scanners (PO-24)", () => {
    const page = readFileSync("docs/api-keys.md", "utf8");
    const expressions = [...page.matchAll(/\\bpcl_\S+\\b/g)].map(([text]) => new RegExp(text));
    expect(expressions).toHaveLength(2);
    const [example = ""] = page.match(/^pcl_\S+$/m) ?? [];
    for (const key of [example, makeApiKey(randomBytes).key]) {
      expect(parseApiKey(key).ok).toBe(true);
      for (const expression of expressions) expect(`token = "${key}";`).toMatch(expression);
    }
    for (const expression of expressions) expect(`${example}0`).not.toMatch(expression);
  });
});
