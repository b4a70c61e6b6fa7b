import type { Node } from "oxc-parser";
import { descendants } from "./syntax-tree";

/** The part of a file that a mutant may change. */
export interface Scope {
  /** The whole file. */
  readonly text: string;
  /** UTF-16 offsets of the part in the file. */
  readonly start: number;
  readonly end: number;
  /** The symbol's declaration; null in SQL. */
  readonly node: Node | null;
}

/** Replaces one range of the file. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * One change of code. Each mutation applies to exactly one place of its scope.
 * @throws MutationMismatch when its scope holds no such place, or several
 */
export type Mutation = (scope: Scope) => Edit;

/** The source holds no place, or more than one place, for a mutation. */
export class MutationMismatch extends Error {}

/** The function returns this expression and does nothing else. */
export function returns(expression: string): Mutation {
  return ({ node }) => {
    const body = bodyOf(node);
    if (body === null) throw new MutationMismatch("the symbol is not a function");
    return edit(body, body.type === "BlockStatement" ? `{ return ${expression}; }` : `(${expression})`);
  };
}

/** The constant, property or field has this value. */
export function valueBecomes(expression: string): Mutation {
  return ({ node }) => {
    const value = initializerOf(node);
    if (value === null) throw new MutationMismatch("the symbol has no value");
    return edit(value, `(${expression})`);
  };
}

/**
 * Removes a guard: an `if` without `else` that ends with `throw`, `return`, `continue` or `break`.
 * @param condition a part of the guard's condition; not needed for the only guard
 */
export function withoutGuard(condition = ""): Mutation {
  return (scope) => {
    const guards = nodesOf(scope).flatMap((node) => (node.type === "IfStatement" && isGuard(node) ? [node] : []));
    const found = guards.filter(({ test }) => holds(textOf(scope, test), condition));
    return edit(only(found, `guards on "${condition}"`), ";");
  };
}

/**
 * Inverts the condition of an `if`, a loop or a conditional expression.
 * @param condition a part of it
 */
export function negated(condition: string): Mutation {
  return (scope) => {
    const tests = nodesOf(scope).flatMap((node) => conditionOf(node) ?? []);
    const test = only(
      tests.filter((one) => holds(textOf(scope, one), condition)),
      `conditions with "${condition}"`,
    );
    return edit(test, `!(${textOf(scope, test)})`);
  };
}

/**
 * Puts an expression in the place of a call.
 * @param call the function, or the beginning of the whole call: `requireKeyNotAboveOwn`, `eq(sessions.stage`
 */
export function callBecomes(call: string, expression: string): Mutation {
  return (scope) => {
    const calls = nodesOf(scope).flatMap((node) => (node.type === "CallExpression" ? [node] : []));
    const found = calls.filter((one) =>
      call.includes("(")
        ? squeezed(textOf(scope, one)).startsWith(squeezed(call))
        : squeezed(textOf(scope, one.callee)) === squeezed(call),
    );
    return edit(only(found, `calls of "${call}"`), expression);
  };
}

/** Leaves a call out. Where its value is used, the value is `undefined`. */
export function withoutCall(call: string): Mutation {
  return callBecomes(call, "undefined");
}

/** Replaces a short piece of code. White space and trailing commas do not count. Prefer the mutations above. */
export function fragmentBecomes(fragment: string, replacement: string): Mutation {
  return ({ text, start, end }) => {
    const positions = significant(text, start, end);
    const squeezedText = positions.map((position) => text[position]).join("");
    const wanted = squeezed(fragment);
    const found: Edit[] = [];
    for (let at = squeezedText.indexOf(wanted); at >= 0; at = squeezedText.indexOf(wanted, at + 1)) {
      const [first, last] = [positions[at] ?? start, positions[at + wanted.length - 1] ?? start];
      found.push({ start: first, end: last + 1, text: replacement });
    }
    return only(found, `occurrences of "${fragment}"`);
  };
}

function only<T>(found: readonly T[], what: string): T {
  const [first] = found;
  if (first === undefined || found.length > 1) throw new MutationMismatch(`${found.length} ${what}, instead of one`);
  return first;
}

function edit({ start, end }: { readonly start: number; readonly end: number }, text: string): Edit {
  return { start, end, text };
}

function nodesOf({ node }: Scope): Node[] {
  if (node === null) throw new MutationMismatch("SQL has fragments only");
  return [node, ...descendants(node)];
}

function textOf({ text }: Scope, { start, end }: { readonly start: number; readonly end: number }): string {
  return text.slice(start, end);
}

function holds(text: string, part: string): boolean {
  return squeezed(text).includes(squeezed(part));
}

function squeezed(text: string): string {
  return significant(text, 0, text.length)
    .map((position) => text[position])
    .join("");
}

/** Offsets of the characters that formatting does not change: no white space, no comma before a closing bracket. */
function significant(text: string, start: number, end: number): number[] {
  const solid: number[] = [];
  for (let at = start; at < end; at++) if (!/\s/.test(text[at] ?? "")) solid.push(at);
  return solid.filter(
    (position, index) => text[position] !== "," || !/[)\]}]/.test(text[solid[index + 1] ?? end] ?? ""),
  );
}

function isGuard(node: Extract<Node, { type: "IfStatement" }>): boolean {
  const { consequent, alternate } = node;
  const last = consequent.type === "BlockStatement" ? consequent.body.at(-1) : consequent;
  return alternate === null && last !== undefined && leaves.has(last.type);
}

const leaves: ReadonlySet<Node["type"]> = new Set([
  "ThrowStatement",
  "ReturnStatement",
  "ContinueStatement",
  "BreakStatement",
]);

function conditionOf(node: Node): Node | null {
  switch (node.type) {
    case "IfStatement":
    case "ConditionalExpression":
    case "WhileStatement":
    case "DoWhileStatement":
    case "ForStatement":
      return node.test;
    default:
      return null;
  }
}

/** The code of a function, wherever it is declared. */
function bodyOf(node: Node | null): Node | null {
  switch (node?.type) {
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "ArrowFunctionExpression":
      return node.body;
    case "VariableDeclarator":
    case "MethodDefinition":
    case "PropertyDefinition":
    case "Property":
      return bodyOf(initializerOf(node));
    default:
      return null;
  }
}

function initializerOf(node: Node | null): Node | null {
  switch (node?.type) {
    case "VariableDeclarator":
      return node.init;
    case "MethodDefinition":
    case "PropertyDefinition":
    case "Property":
      return node.value;
    default:
      return null;
  }
}
