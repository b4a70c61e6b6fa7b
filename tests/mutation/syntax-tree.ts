import { type Node, type Program, visitorKeys } from "oxc-parser";

/** All nodes below a node. */
export function* descendants(node: Node): Generator<Node> {
  for (const child of childrenOf(node)) {
    yield child;
    yield* descendants(child);
  }
}

/**
 * The declaration of a symbol.
 * @param path names with dots between them: the first is declared at the top of the file, the others inside it
 * @throws RangeError when there is no such declaration, or several
 */
export function declarationOf(program: Program, path: string): Node {
  const [first = "", ...rest] = path.split(".");
  let node = only(
    program.body.flatMap((statement) => declared(statement)).filter((one) => nameOf(one) === first),
    first,
  );
  for (const name of rest) {
    node = only([...declaredIn(node, name)], name);
  }
  return node;
}

/** A declaration inside another one of the same name does not count. */
function* declaredIn(node: Node, name: string): Generator<Node> {
  for (const child of childrenOf(node)) {
    if (nameOf(child) === name) yield child;
    else yield* declaredIn(child, name);
  }
}

function declared(statement: Node): Node[] {
  switch (statement.type) {
    case "ExportNamedDeclaration":
    case "ExportDefaultDeclaration":
      return statement.declaration === null ? [] : declared(statement.declaration);
    case "VariableDeclaration":
      return statement.declarations;
    default:
      return [statement];
  }
}

/** The name that a node declares; null when it declares none. */
function nameOf(node: Node): string | null {
  switch (node.type) {
    case "FunctionDeclaration":
    case "ClassDeclaration":
    case "VariableDeclarator":
      return node.id === null ? null : wordOf(node.id);
    case "MethodDefinition":
    case "PropertyDefinition":
    case "Property":
      return node.computed || ("shorthand" in node && node.shorthand) ? null : wordOf(node.key);
    default:
      return null;
  }
}

function wordOf(node: Node): string | null {
  switch (node.type) {
    case "Identifier":
      return node.name;
    case "PrivateIdentifier":
      return `#${node.name}`;
    case "Literal":
      return String(node.value);
    default:
      return null;
  }
}

function only(found: readonly Node[], name: string): Node {
  const [first] = found;
  if (first === undefined || found.length > 1) throw new RangeError(`${found.length} declarations of ${name}`);
  return first;
}

function childrenOf(node: Node): Node[] {
  return (visitorKeys[node.type] ?? []).flatMap((key) => {
    const held: unknown = Reflect.get(node, key);
    return (Array.isArray(held) ? held : [held]).filter(isNode);
  });
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value;
}
