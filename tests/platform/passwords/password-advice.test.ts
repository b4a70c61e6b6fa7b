import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { adviseOnPassword } from "#src/platform/passwords/password-advice";

const common = new Set(["password", "dragon", "qwertyuiop", "letmein", "1qaz2wsx"]);
const warnings = (password: string, username = "ada") =>
  adviseOnPassword(password, username, (text) => common.has(text)).map(({ reason }) => reason);

describe("password advice (DK-9)", () => {
  it("a strong password gets no advice", () => {
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
  ])("the advice on %j is only %s", (password, warning) => {
    expect(warnings(password)).toEqual([warning]);
  });

  it("a common word is allowed as a small part of a long password", () => {
    expect(warnings("dragon-Kt7m-Qz4x-h9Vb")).toEqual([]);
  });

  it.each([
    ["Lovelace", "xx-LOVELACE-x7y8", true],
    ["turing", "Kt7m-Turing-Qz4x", true],
    ["ada", "Kt7m-Canada-Qz4x", false],
    ["grace@example.org", "Kt7m-Grace-Qz4x", true],
    ["ada@example.org", "Kt7m-Canada-Qz4x", false],
  ])("whether the user name %s counts as part of the password %s: %s", (username, password, contained) => {
    expect(warnings(password, username)).toEqual(contained ? ["password_contains_username"] : []);
  });

  it.each([
    "$apr1$saltsalt$HIDXe7D36X22w1CH4M1cQ.",
    "ada:$apr1$saltsalt$HIDXe7D36X22w1CH4M1cQ.",
    "ada:$$apr1$$saltsalt$$HIDXe7D36X22w1CH4M1cQ.",
    "'ada:$apr1$saltsalt$HIDXe7D36X22w1CH4M1cQ.'",
    " ada@example.org:$apr1$saltsalt$HIDXe7D36X22w1CH4M1cQ. ",
    "$1$saltsalt$HIDXe7D36X22w1CH4M1cQ.",
    "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
    "ada:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
    "{ssha}W6ph5Mm5Pz8GgiULbPgzG37mj9hzYWx0",
    "{CRYPT}$6$saltsalt$abc",
    ...["a", "b", "x", "y"].map((kind) => `$2${kind}$10$G/R6Tubb.58rSeR3wSeKYe5Fb97Iz5sg.Iu6VaCOTkeZ9941sIkk.`),
    "ada:$2y$05$G/R6Tubb.58rSeR3wSeKYe5Fb97Iz5sg.Iu6VaCOTkeZ9941sIkk.",
    "$5$rounds=5000$saltsalt$abcdef",
    "$6$saltsalt$abcdef",
    "$y$j9T$saltsalt$abcdef",
    "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub",
    "$argon2i$v=19$m=65536$c29tZXNhbHQ$RdescudvJCsgt3ub",
    "$scrypt$ln=16,r=8,p=1$c2FsdA$aGFzaA",
    "ada:Members only:939e7578ed9e3c518a452acee763bce9",
  ])("%j looks like a hash", (password) => {
    expect(warnings(password, "grace")).toContain("looks_like_hash");
  });

  it.each([
    "Kt7m-Qz4x-h9Vb",
    "$Kt7m$Qz4x$h9Vb",
    "pa$$word:Kt7m-Qz4x",
    "{Kt7m}-Qz4x-h9Vb",
    "9f86d081884c7d659a2feaa0c55ad015", // a random password in hexadecimal is not a hash
    "c29tZXNhbHQ9Kt7mQz4xh9VbW6ph5M==",
    "one:two:three-Kt7m-Qz4x",
    "$100 in 5$ bills, 9 times",
    "$5 and $6 make 11, says Ada",
  ])("%j does not look like a hash", (password) => {
    expect(warnings(password, "grace")).not.toContain("looks_like_hash");
  });

  it("the advice gives all warnings at once, and no message contains the password", () => {
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

  it("every password gets an answer, and the longest one without delay", () => {
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
