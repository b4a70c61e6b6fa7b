import { describe, expect, test } from "vitest";
import { readHtpasswd } from "#src/traefik/foreign/read-htpasswd";

const apr1 = "$apr1$saltsalt$HIDXe7D36X22w1CH4M1cQ.";
const ofCost = (cost: string, variant = "y") =>
  `$2${variant}$${cost}$G/R6Tubb.58rSeR3wSeKYe5Fb97Iz5sg.Iu6VaCOTkeZ9941sIkk.`;
const hostileName = ["\u202e", "a\u00a0b", "{{x}}", "<img onerror>", "ada@example.org", "J\u00fcrgen"];

const only = (line: string) => {
  const [read] = readHtpasswd(line);
  return read;
};

describe("an htpasswd file (DK-17)", () => {
  test("keeps each hash as it is, with its algorithm and cost, by the number of its line", () => {
    const text = `\uFEFF# people\r\n\r\nada:${apr1}\r\n  bob:${ofCost("05")}  \n\t\n #eve:${apr1}\neve:${ofCost("10", "a")}`;
    expect(readHtpasswd(text)).toEqual([
      { line: 3, username: "ada", hash: { text: apr1, algorithm: "apr1", cost: null }, problem: null },
      { line: 4, username: "bob", hash: { text: ofCost("05"), algorithm: "bcrypt", cost: 5 }, problem: null },
      { line: 7, username: "eve", hash: { text: ofCost("10", "a"), algorithm: "bcrypt", cost: 10 }, problem: null },
    ]);
  });

  test.each(["y", "a", "b"])("takes bcrypt hashes of the variant $2%s$", (variant) => {
    expect(only(`ada:${ofCost("05", variant)}`)?.hash?.text).toBe(ofCost("05", variant));
  });

  test.each(hostileName)("takes the username %j", (name) => {
    expect(only(`${name}:${apr1}`)).toMatchObject({ username: name, problem: null });
  });

  test.each([
    ["", "hash_missing"],
    ["secret", "hash_unknown"],
    ["Correct horse battery", "hash_unknown"],
    ["{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=", "hash_is_sha1"],
    ["{sha}5en6G6MezRroT3XKqkdPOmY/BfQ=", "hash_unknown"],
    ["rqXexS6ZhobKA", "hash_is_crypt"],
    ["$1$saltsalt$yJ5wJbIjgJDkgFCLJX3TM1", "hash_is_crypt"],
    ["$5$saltsalt$vfmfE", "hash_is_crypt"],
    ["$6$saltsalt$vfmfE", "hash_is_crypt"],
    ["$argon2id$v=19$m=65536", "hash_is_crypt"],
    [ofCost("05", "x"), "hash_is_crypt"],
    [apr1.slice(0, -1), "hash_malformed"],
    [`${apr1}x`, "hash_malformed"],
    [`$apr1$$${"a".repeat(21)}.`, "hash_malformed"],
    [`${apr1} bob`, "hash_malformed"],
    [`${apr1}\u0000`, "hash_malformed"],
    [ofCost("05").slice(0, -1), "hash_malformed"],
    [ofCost("03"), "hash_malformed"],
    [ofCost("00"), "hash_malformed"],
    ["$2y$5$short", "hash_malformed"],
    [ofCost("11"), "bcrypt_cost_too_high"],
    [ofCost("12"), "bcrypt_cost_too_high"],
    [ofCost("31"), "bcrypt_cost_too_high"],
    [ofCost("99"), "bcrypt_cost_too_high"],
    [`${apr1}:comment`, "several_colons"],
    [`realm:${apr1}`, "several_colons"],
  ])("refuses what follows the colon in ada:%s as %s", (hash, problem) => {
    expect(only(`ada:${hash}`)).toEqual({ line: 1, username: "ada", hash: null, problem });
  });

  test.each([
    ["no colon at all", apr1, "colon_missing"],
    ["an empty username", `:${apr1}`, "username_empty"],
    ["a trailing space", `ada :${apr1}`, "username_outer_space"],
    ["NUL", `a\u0000da:${apr1}`, "username_control_character"],
    ["a carriage return inside", `a\rda:${apr1}`, "username_control_character"],
    ["half a character", `a\ud800:${apr1}`, "username_not_unicode"],
    ["bytes that were not UTF-8", `J\uFFFDrgen:${apr1}`, "replacement_character"],
    ["256 bytes", `${"\u00e4".repeat(128)}:${apr1}`, "username_too_long"],
    ["the list separator of Traefik", `a\u2551b:${apr1}`, "username_separator"],
    ["401 characters in its line", `ada:${"x".repeat(397)}`, "line_too_long"],
  ])("refuses a line with %s, and does not show a username", (_title, line, problem) => {
    expect(only(line)).toEqual({ line: 1, username: null, hash: null, problem });
  });

  test("takes the last of several lines with one username, as Traefik does, even if that one is refused", () => {
    const problems = (text: string) => readHtpasswd(text).map(({ line, problem }) => [line, problem]);
    const other = apr1.replace("saltsalt", "pepper12");
    expect(problems(`ada:${apr1}\nbob:${apr1}\nada:${other}`)).toEqual([
      [1, "duplicate_in_file"],
      [2, null],
      [3, null],
    ]);
    expect(problems(`ada:${apr1}\nada:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=`)).toEqual([
      [1, "duplicate_in_file"],
      [2, "hash_is_sha1"],
    ]);
    expect(problems(`ada:${apr1}\nAda:${apr1}`)).toEqual([
      [1, null],
      [2, null],
    ]);
  });

  test("reads an empty text, and one of empty lines and comments, as no lines", () => {
    expect([readHtpasswd(""), readHtpasswd("\n\n"), readHtpasswd("# a:b\r\n#")]).toEqual([[], [], []]);
  });
});
