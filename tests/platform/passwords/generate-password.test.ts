import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { checkVisitorPassword } from "../../../src/platform/passwords/credential-rules";
import { generatePassword } from "../../../src/platform/passwords/generate-password";
import { adviseOnPassword } from "../../../src/platform/passwords/password-advice";

describe("a generated password (DK-2)", () => {
  it("has 24 readable characters of every class, fits every algorithm, and needs no advice", () => {
    for (let made = 0; made < 2_000; made += 1) {
      const password = generatePassword(randomBytes);
      expect(password).toMatch(/^([A-HJ-NP-Za-kmnp-z2-9]{4}-){4}[A-HJ-NP-Za-kmnp-z2-9]{4}$/);
      expect(adviseOnPassword(password, "ada.lovelace", () => false)).toEqual([]);
      expect(checkVisitorPassword(password, "bcrypt")).toBeNull();
    }
  });

  it("never repeats, and favours no character", () => {
    const counts = new Map<string, number>();
    const made = new Set<string>();
    for (let draw = 0; draw < 20_000; draw += 1) {
      const password = generatePassword(randomBytes);
      made.add(password);
      for (const letter of password.replaceAll("-", "")) counts.set(letter, (counts.get(letter) ?? 0) + 1);
    }
    expect(made.size).toBe(20_000);
    expect(counts.size).toBe(56);
    // 400,000 letters: each letter near 7,100 (digits a little above: all classes are required), 6 standard deviations are 500.
    // Taking every byte modulo 56 would put the first 32 letters a quarter above the others.
    for (const [letter, count] of counts) expect([letter, Math.abs(count - 7_143) < 700]).toEqual([letter, true]);
  });

  it("takes every byte from its source", () => {
    let byte = 0;
    const counting = (size: number) => Uint8Array.from({ length: size }, () => byte++ * 11);
    const first = generatePassword(counting);
    byte = 0;
    expect(generatePassword(counting)).toBe(first);
  });

  it("is not made from a source that is stuck", () => {
    expect(() => generatePassword((size) => new Uint8Array(size))).toThrow(RangeError);
    expect(() => generatePassword((size) => new Uint8Array(size).fill(255))).toThrow(RangeError);
    expect(() => generatePassword(() => new Uint8Array(3))).toThrow(RangeError);
  });
});
