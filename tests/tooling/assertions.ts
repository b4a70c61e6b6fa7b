import { type Node, parseSync } from "oxc-parser";
import { descendants } from "../mutation/syntax-tree";

/** What an assertion, or a helper that asserts for several tests, is named. */
const asserting = /^(expect|require|assert)/;

/**
 * The names of a file's tests that assert nothing. A test asserts if it calls a function whose name begins with
 * `expect`, `require` or `assert`, directly or through functions of the same file.
 */
export function testsWithoutAssertion(path: string, text: string): string[] {
  const { program } = parseSync(path, text);
  const nodes = [...descendants(program)];
  const functions = new Map(nodes.flatMap((node) => declaredFunction(node)));
  const asserts = (body: Node, seen: ReadonlySet<string> = new Set()): boolean =>
    [...descendants(body)].some((node) => {
      if (node.type !== "CallExpression") return false;
      const name = calledName(node.callee);
      if (name === null) return false;
      if (asserting.test(name)) return true;
      const called = functions.get(name);
      return called !== undefined && !seen.has(name) && asserts(called, new Set([...seen, name]));
    });
  return nodes.flatMap((node) => {
    if (node.type !== "CallExpression" || !["test", "it"].includes(rootOf(node.callee))) return [];
    const body = node.arguments.find(isFunction);
    const title = node.arguments[0];
    if (body === undefined || title === undefined || asserts(body)) return [];
    return [text.slice(title.start, title.end)];
  });
}

function isFunction(node: Node): boolean {
  return node.type === "ArrowFunctionExpression" || node.type === "FunctionExpression";
}

function declaredFunction(node: Node): [name: string, body: Node][] {
  if (node.type === "FunctionDeclaration") return node.id === null ? [] : [[node.id.name, node]];
  if (node.type !== "VariableDeclarator" || node.id.type !== "Identifier" || node.init === null) return [];
  return isFunction(node.init) ? [[node.id.name, node.init]] : [];
}

/** `f` of `f(…)`, and `expect` of `expect(…).toBe`, `expect.poll` and `world.expectState`. */
function calledName(callee: Node): string | null {
  if (callee.type === "Identifier") return callee.name;
  if (callee.type !== "MemberExpression" || callee.property.type !== "Identifier") return null;
  return asserting.test(callee.property.name) ? callee.property.name : rootOf(callee);
}

/** `test` of `test(…)`, `test.each(…)(…)` and `test.runIf(…)(…)`. */
function rootOf(node: Node): string {
  switch (node.type) {
    case "Identifier":
      return node.name;
    case "MemberExpression":
      return rootOf(node.object);
    case "CallExpression":
      return rootOf(node.callee);
    case "TaggedTemplateExpression":
      return rootOf(node.tag);
    default:
      return "";
  }
}
