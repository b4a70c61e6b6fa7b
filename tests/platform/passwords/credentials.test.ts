import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkUsername, checkVisitorPassword } from "#src/platform/passwords/credential-rules";

const usernames: [string, ReturnType<typeof checkUsername>][] = [
  ["", "username_empty"],
  ["a", null],
  ["ada lovelace", null],
  ["ada@example.org", null],
  ["Größe", null],
  ["管理者", null],
  ["🦊", null],
  ['{{ env "HOME" }}', null],
  ["`'\"\\", null],
  ["a".repeat(255), null],
  ["a".repeat(256), "username_too_long"],
  ["é".repeat(127), null],
  ["é".repeat(128), "username_too_long"],
  ["🦊".repeat(63), null],
  ["🦊".repeat(64), "username_too_long"],
  ["a:b", "username_colon"],
  [":", "username_colon"],
  ["a\nb", "username_control_character"],
  ["a\u0000", "username_control_character"],
  ["\u007f", "username_control_character"],
  ["a\u0085b", "username_control_character"],
  ["a\u2028b", "username_control_character"],
  ["a\ufeffb", "username_control_character"],
  ["a\uffffb", "username_control_character"],
  ["a\u{1fffe}b", "username_control_character"],
  ["a║b", "username_separator"],
  [" a", "username_outer_space"],
  ["a ", "username_outer_space"],
  [" ", "username_outer_space"],
  ["a\u00a0", "username_outer_space"],
  ["a\ud800", "username_not_unicode"],
  ["\udc00a", "username_not_unicode"],
];

const passwords: [string, "apr1" | "bcrypt", ReturnType<typeof checkVisitorPassword>][] = [
  ["", "apr1", "password_empty"],
  ["", "bcrypt", "password_empty"],
  ["a", "apr1", null],
  [" : ║ {{ ", "apr1", null],
  ["a".repeat(255), "apr1", null],
  ["a".repeat(256), "apr1", "password_too_long"],
  ["é".repeat(128), "apr1", "password_too_long"],
  ["a".repeat(72), "bcrypt", null],
  ["a".repeat(73), "bcrypt", "password_too_long"],
  ["€".repeat(24), "bcrypt", null],
  ["€".repeat(25), "bcrypt", "password_too_long"],
  ["a\tb", "apr1", "password_control_character"],
  ["a\u0000b", "bcrypt", "password_control_character"],
  ["a\u009fb", "apr1", "password_control_character"],
  ["\ud83e", "apr1", "password_not_unicode"],
];

describe("a user name", () => {
  it.each(usernames)("the check of the user name %j returns %s (DK-8)", (username, problem) => {
    expect(checkUsername(username)).toBe(problem);
  });

  it("every accepted user name makes exactly one line of a users file (DK-8)", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (username) => {
        if (checkUsername(username) !== null) return;
        const line = Buffer.from(`${username}:$apr1$x$y`, "utf8").toString("utf8");
        expect(line.split(/[\r\n║]/)).toHaveLength(1);
        expect(line.split(":")).toEqual([username, "$apr1$x$y"]);
        expect(line.trim()).toBe(line);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("a visitor's password", () => {
  it.each(passwords)("the check of the password %j for %s returns %s (DK-9)", (password, algorithm, problem) => {
    expect(checkVisitorPassword(password, algorithm)).toBe(problem);
  });

  it("a visitor's password of several megabytes is refused without reading all of it", () => {
    const started = performance.now();
    expect(checkVisitorPassword("€".repeat(50_000_000), "apr1")).toBe("password_too_long");
    expect(performance.now() - started).toBeLessThan(500);
  });
});
