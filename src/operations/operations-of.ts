import type { AnyOperation } from "./operation";

/** Operations in a tree. Their paths in the tree are their names. */
export interface OperationTree {
  readonly [name: string]: AnyOperation | OperationTree;
}

/** Whether a node of the tree is an operation. */
export function isOperation(node: AnyOperation | OperationTree): node is AnyOperation {
  return typeof node.run === "function";
}

/** All operations of a tree with their paths, `security.create`, in order. */
export function operationsOf(
  tree: OperationTree,
  above = "",
): readonly { readonly path: string; readonly operation: AnyOperation }[] {
  return Object.entries(tree).flatMap(([name, node]) => {
    const path = `${above}${name}`;
    return isOperation(node) ? [{ path, operation: node }] : operationsOf(node, `${path}.`);
  });
}
