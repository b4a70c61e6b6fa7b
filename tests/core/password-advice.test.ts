import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { adviseOnPassword } from "../../src/core/password-advice";

const common = new Set(["password", "dragon", "qwertyuiop", "letmein", "1qaz2wsx"]);
const warnings = (password: string, username = "ada") =>
  adviseOnPassword(password, username, (text) => common.has(text)).map(({ reason }) => reason);

describe("password advice (DK-9)", () => {
  it("has nothing to say of a strong password", () => {
    expect(warnings("Kt7m-Qz4x-h9Vb")).toEqual([]);
    expect(warnings("Été à Łódź 2024!")).toEqual([]);
  });

  it.each([
    ["Kt7m-Qz4x-h", "password_short"],
    ["kt7m-qz4x-h9vb", "password_no_upper_case"],
    ["KT7M-QZ4X-H9VB", "password_no_lower_case"],
    ["Ktxm-Qzyx-hyVb", "password_no_digit"],
    ["Kt7mQQz4xQh9Vb", "password_no_special"],
    ["Password123!", "password_common"],
    ["P@$$w0rd-2024", "password_common"],
    ["drowssaP-1234", "password_common"],
    ["2024-Qwertyuiop!", "password_common"],
    ["xsw2zaq1-ABcd", "password_common"],
  ])("of %j says %s and nothing else", (password, warning) => {
    expect(warnings(password)).toEqual([warning]);
  });

  it("a common word that is a small part of a long password is no matter", () => {
    expect(warnings("dragon-Kt7m-Qz4x-h9Vb")).toEqual([]);
  });

  it.each([
    ["Lovelace", "xx-LOVELACE-x7y8", true],
    ["turing", "Kt7m-Turing-Qz4x", true],
    ["ada", "Kt7m-Canada-Qz4x", false],
    ["grace@example.org", "Kt7m-Grace-Qz4x", true],
    ["ada@example.org", "Kt7m-Canada-Qz4x", false],
  ])("user name %s in %s: %s", (username, password, contained) => {
    expect(warnings(password, username)).toEqual(contained ? ["password_contains_username"] : []);
  });

  it("gives every warning at once, each with a message that does not hold the password", () => {
    const given = adviseOnPassword("ada", "ada", () => true);
    expect(given.map(({ reason }) => reason)).toEqual([
      "password_short",
      "password_no_upper_case",
      "password_no_digit",
      "password_no_special",
      "password_common",
      "password_contains_username",
    ]);
    for (const { message } of given) {
      expect(message).toMatch(/^The password .+\.$/);
      expect(message).not.toContain("ada");
    }
  });

  it("any password is answered, and the longest without delay", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (password, username) => {
        expect(Array.isArray(adviseOnPassword(password, username, () => false))).toBe(true);
      }),
    );
    let asked = 0;
    const count = () => {
      asked++;
      return false;
    };
    for (const length of [60, 255]) adviseOnPassword("aB3-".repeat(64).slice(0, length), "ada", count);
    expect(asked).toBeLessThan(500);
  });
});
