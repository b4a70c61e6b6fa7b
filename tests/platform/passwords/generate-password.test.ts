import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { checkVisitorPassword } from "#src/platform/passwords/credential-rules";
import { generatePassword } from "#src/platform/passwords/generate-password";
import { adviseOnPassword } from "#src/platform/passwords/password-advice";

describe("a generated password (DK-2)", () => {
  it("a generated password has 24 readable characters of every class, fits every algorithm, and gets no advice", () => {
    for (let count = 0; count < 2_000; count += 1) {
      const password = generatePassword(randomBytes);
      expect(password).toMatch(/^([A-HJ-NP-Za-kmnp-z2-9]{4}-){4}[A-HJ-NP-Za-kmnp-z2-9]{4}$/);
      expect(adviseOnPassword(password, "ada.lovelace", () => false)).toEqual([]);
      expect(checkVisitorPassword(password, "bcrypt")).toBeNull();
    }
  });

  it("generated passwords never repeat, and all characters are equally likely", () => {
    const counts = new Map<string, number>();
    const passwords = new Set<string>();
    for (let draw = 0; draw < 20_000; draw += 1) {
      const password = generatePassword(randomBytes);
      passwords.add(password);
      for (const letter of password.replaceAll("-", "")) counts.set(letter, (counts.get(letter) ?? 0) + 1);
    }
    expect(passwords.size).toBe(20_000);
    expect(counts.size).toBe(56);
    // 400,000 letters: each letter near 7,100 (digits a little above: all classes are required), 6 standard deviations
    // are 500.
    // With every byte modulo 56, the first 32 letters would be a quarter more frequent than the others.
    for (const [letter, count] of counts) expect([letter, Math.abs(count - 7_143) < 700]).toEqual([letter, true]);
  });

  it("a generated password takes every byte from its random source", () => {
    let byte = 0;
    const counting = (size: number) => Uint8Array.from({ length: size }, () => byte++ * 11);
    const first = generatePassword(counting);
    byte = 0;
    expect(generatePassword(counting)).toBe(first);
  });

  it("no password is generated from a random source that always returns the same bytes", () => {
    expect(() => generatePassword((size) => new Uint8Array(size))).toThrow(RangeError);
    expect(() => generatePassword((size) => new Uint8Array(size).fill(255))).toThrow(RangeError);
    expect(() => generatePassword(() => new Uint8Array(3))).toThrow(RangeError);
  });
});
