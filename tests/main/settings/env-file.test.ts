import { describe, expect, test } from "vitest";
import { parseEnvFile } from "#src/main/settings/env-file";

const bytes = (text: string) => new TextEncoder().encode(text);
function read(text: string): Record<string, string> {
  const file = parseEnvFile(bytes(text));
  if (!file.ok) throw new Error(`line ${file.line}: ${file.problem}`);
  return Object.fromEntries(file.values);
}
const refusalOf = (text: string) => {
  const file = parseEnvFile(bytes(text));
  if (file.ok) throw new Error("it was read");
  return `line ${file.line} ${file.problem}`;
};

describe("an .env file", () => {
  test.each([
    ["a byte order mark", "\uFEFFA=1\nB=2"],
    ["LF", "A=1\nB=2\n"],
    ["CRLF", "A=1\r\nB=2\r\n"],
    ["CR", "A=1\rB=2\r"],
    ["no last line end", "A=1\n\n\nB=2"],
    ["export", "export A=1\nexport\tB=2"],
    ["more spaces after export", "  export   A = 1\n\texport \t B\t=\t2\t"],
    ["comments", "# it's \"one\n  # B=3\nA=1 # one\nB=2\t# two\n#"],
    ["quotes", "A='1'\nB=\"2\"  # two"],
    ["CRLF and quotes", "A='1'\r\nB=\"2\"\r\n"],
    ["a repeated name", "A=0\nA=1\nB=2"],
  ])("an .env file is read with %s", (_, text) => {
    expect(read(text)).toEqual({ A: "1", B: "2" });
  });

  test.each([
    ["A=pa$$w$HOME$(id)`id`", "pa$$w$HOME$(id)`id`"],
    ["A=postgres://u:p#w@db/x?a=b&c=d==", "postgres://u:p#w@db/x?a=b&c=d=="],
    ["A=it's", "it's"],
    ["A=a  b\\n", "a  b\\n"],
    ["A=", ""],
    ["A=   # nothing", ""],
    ["A= # nothing", ""],
    ["A=#1f", "#1f"],
    ["A='$HOME \\n # \"x\"'", '$HOME \\n # "x"'],
    ['A=`it\'s "$x"`', 'it\'s "$x"'],
    ['A="a\\nb\\t\\"c\\" \\\\ \\$HOME $HOME \\d # e"', 'a\nb\t"c" \\ $HOME $HOME \\d # e'],
    ['A="C:\\\\new"', "C:\\new"],
    ['A=[{"slug":"x","name":"Y"}]', '[{"slug":"x","name":"Y"}]'],
    ["A=é ü\u00a0x", "é ü\u00a0x"],
  ])("the line %s has the intended value", (text, value) => {
    expect(read(`${text}\nB=2`)).toEqual({ A: value, B: "2" });
  });

  test("a quoted value can span several lines, and line numbers stay correct after it", () => {
    expect(read("A='[\r\n  {\"a\": 1}\r\n]'\r\nB=2")).toEqual({ A: '[\n  {"a": 1}\n]', B: "2" });
    expect(refusalOf("A='1\n2\n3'\n\nnonsense")).toBe("line 5 is neither NAME=value nor a comment (#)");
  });

  test.each([
    ["A=1\nnonsense hunter2", "line 2 is neither NAME=value nor a comment (#)"],
    ["A: hunter2", "line 1 is neither"],
    ["=hunter2", "line 1 is neither"],
    ["1A=hunter2", "line 1 is neither"],
    ['A=1\nB="hunter2\nC=3', 'line 2 begins a value with " that never ends'],
    ["A='hunter2", "line 1 begins a value with ' that never ends"],
    ["A='hunter2'hunter2", "line 1 has something after the closing '"],
    ['A="x"y', 'line 1 has something after the closing "'],
  ])("an invalid .env file is refused with its line number and without its values (%#)", (text, problem) => {
    expect(refusalOf(text)).toContain(problem);
    expect(refusalOf(text)).not.toContain("hunter2");
  });

  test("an .env file in UTF-16 or Latin-1 is refused", () => {
    const text = "A=1\r\nB=ü\r\n";
    const utf16 = new Uint8Array([0xff, 0xfe, ...Buffer.from(text, "utf16le")]);
    for (const file of [utf16, utf16.slice(2), Buffer.from(text, "latin1")]) {
      expect(parseEnvFile(file)).toMatchObject({ ok: false, problem: expect.stringContaining("UTF-8") });
    }
  });

  test("an .env file that is empty or a comment sets nothing", () => {
    for (const text of ["", "\uFEFF", "\n\n", "# x"]) expect(read(text)).toEqual({});
  });
});
