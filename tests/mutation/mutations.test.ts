import { describe, expect, test } from "vitest";
import {
  callBecomes,
  fragmentBecomes,
  type Mutation,
  negated,
  returns,
  valueBecomes,
  withoutCall,
  withoutGuard,
} from "./mutations";
import { locate, parse } from "./sources";
import { declarationOf } from "./syntax-tree";

const source = `
export function judge(user: User, object: Thing | null): void {
  if (object === null) throw new NotFound();
  if (!user.active) {
    note(user);
    throw new Forbidden("inactive");
  }
  if (user.admin) log(object); else log(user);
}
const limits = { "per:minute": { tries: 5 } } as const satisfies Limits;
export class Queue {
  #size = 0;
  add(one: Job, again = limits): number { const add = check(one); return check(one.next) + (one.urgent ? 2 : 1); }
  static async *pages() { yield 1; }
}
export const isOwn = (user: User) => user.id === 1;
`;

function mutated(symbol: string, mutation: Mutation, text = source): string {
  const node = declarationOf(parse("source.ts", text), symbol);
  const edit = mutation({ text, start: node.start, end: node.end, node });
  return text.slice(0, edit.start) + edit.text + text.slice(edit.end);
}

describe("a symbol", () => {
  test.each([
    ["judge", "function judge("],
    ["limits", "limits = {"],
    ["limits.tries", "tries: 5"],
    ["limits.per:minute", '"per:minute": {'],
    ["Queue.add", "add(one: Job"],
    ["Queue.#size", "#size = 0"],
    ["isOwn", "isOwn = (user"],
  ])("%s is found by its name", (symbol, beginning) => {
    const { start } = declarationOf(parse("source.ts", source), symbol);
    expect(source.slice(start).startsWith(beginning)).toBe(true);
  });

  test.each(["missing", "judge.missing", "Queue.size"])("%s is not found", (symbol) => {
    expect(() => declarationOf(parse("source.ts", source), symbol)).toThrow("0 declarations");
  });

  test("a symbol that is declared twice in another one is refused", () => {
    const twice = "function f() { if (a) { const x = 1; } else { const x = 2; } }";
    expect(() => declarationOf(parse("source.ts", twice), "f.x")).toThrow("2 declarations of x");
  });
});

describe("a mutation", () => {
  test.each<[what: string, symbol: string, mutation: Mutation, before: string, after: string]>([
    ["replaces the body of a function", "isOwn", returns("true"), "user.id === 1", "(true)"],
    ["replaces the value of a property", "limits.tries", valueBecomes("6"), "tries: 5", "tries: (6)"],
    ["replaces the value of a field", "Queue.#size", valueBecomes("1"), "#size = 0", "#size = (1)"],
    [
      "removes the guard with this condition",
      "judge",
      withoutGuard("object === null"),
      "if (object === null) throw new NotFound();",
      ";",
    ],
    ["inverts an if", "judge", negated("user.admin"), "if (user.admin)", "if (!(user.admin))"],
    ["inverts a conditional expression", "Queue.add", negated("one.urgent"), "(one.urgent ?", "(!(one.urgent) ?"],
    ["replaces a fragment", "isOwn", fragmentBecomes("=== 1", "!== 1"), "=== 1", "!== 1"],
    ["removes a call by the name of the function", "judge", withoutCall("note"), "note(user)", "undefined"],
    ["removes a call by its beginning", "Queue.add", withoutCall("check(one.next"), "check(one.next)", "undefined"],
    ["replaces a call", "Queue.add", callBecomes("check(one)", "true"), "check(one)", "true"],
    [
      "finds code whatever its spaces are",
      "judge",
      fragmentBecomes("! user\n.active", "false"),
      "!user.active",
      "false",
    ],
  ])("%s", (_what, symbol, mutation, before, after) => {
    const result = mutated(symbol, mutation);
    expect(result).toBe(source.replace(before, () => after));
    expect(() => parse("source.ts", result)).not.toThrow();
  });

  test("a mutation finds the same code after it was formatted in another way", () => {
    const long = 'const all = [\n  of(\n    "a",\n    "b",\n  ),\n];';
    expect(mutated("all", fragmentBecomes('of("a", "b")', "none"), long)).toBe("const all = [\n  none,\n];");
    expect(mutated("all", callBecomes('of("a", "b")', "none"), long)).toBe("const all = [\n  none,\n];");
  });

  test.each<[why: string, symbol: string, mutation: Mutation]>([
    ["2 guards", "judge", withoutGuard()],
    ["0 guards", "judge", withoutGuard("user.admin")],
    ["2 calls of", "Queue.add", withoutCall("check")],
    ["0 calls of", "Queue.add", withoutCall("che")],
    ["0 conditions with", "judge", negated("nothing")],
    ["3 occurrences of", "judge", fragmentBecomes("if (", "while (")],
    ["not a function", "limits", returns("1")],
    ["has no value", "judge", valueBecomes("1")],
  ])("a mutation is refused with %s", (why, symbol, mutation) => {
    expect(() => mutated(symbol, mutation)).toThrow(why);
  });
});

test("a function of the database is found in its last definition", () => {
  const { file, text, start, end } = locate({ sqlFunction: "portcullis_hold_organization" });
  const definition = text.slice(start, end);
  expect(file).not.toBe("migrations/0007_who_is_asking.sql");
  expect(definition).toMatch(/^create or replace function portcullis_hold_organization\(/);
  expect(definition).toContain("coalesce(portcullis_organization(), p_organization_id)");
  expect(definition.match(/\bfunction\b/g)).toHaveLength(1);
  expect(() => locate({ sqlFunction: "portcullis_nothing" })).toThrow("no function");
});
