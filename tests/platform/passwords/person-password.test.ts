import { describe, expect, it } from "vitest";
import { adviseOnPersonPassword } from "#src/platform/passwords/person-password";

const common = new Set(["password", "letmein", "iloveyou", "qwertyuiop"]);
const problems = (password: string, email = "ada.lovelace@example.org") =>
  adviseOnPersonPassword(password, email, (text) => common.has(text)).map(({ reason }) => reason);

describe("a person's password", () => {
  it.each([
    ["eleven char", ["password_short"]],
    ["twelve chars", []],
    ["ä".repeat(11), ["password_short"]],
    ["🔑".repeat(11), ["password_short"]],
    ["only lower case words", []],
    ["x9".repeat(64), []],
    [`${"x9".repeat(64)}y`, ["password_long"]],
    ["Passw0rd1234", ["password_common"]],
    ["qwertyuiop12", ["password_common"]],
    ["iloveyou", ["password_short", "password_common"]],
    ["Ada.Lovelace 1815", ["password_contains_username"]],
    ["ada.lovelace@example.org", ["password_contains_username"]],
    ["twelve chars\0", ["password_not_text"]],
    ["twelve chars\ud800", ["password_not_text"]],
  ])("the advice on a person's password %j is %j", (password, expected) => {
    expect(problems(password)).toEqual(expected);
  });

  it("the advice never repeats a person's password", () => {
    const said = adviseOnPersonPassword("letmein", "ada@example.org", (text) => common.has(text));
    expect(JSON.stringify(said)).not.toContain("letmein");
  });
});
