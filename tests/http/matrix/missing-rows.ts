import type { World } from "#tests/support/world";
import { accountRows, publicRows } from "./account-rows";
import type { Acme } from "./acme";
import { rowsOf } from "./rows";

/** The operations that have rows. Only the names are read, so that no world is needed. */
const withRows: ReadonlySet<string> = new Set(
  [rowsOf({} as Acme), accountRows({} as World), publicRows].flatMap((table) => Object.keys(table)),
);

/** Whether the matrix of who may do what says nothing about an operation. */
export const isMissingRow = (operation: string): boolean => !withRows.has(operation);

/** Rows of operations that do not exist. */
export const rowsWithout = (operations: ReadonlySet<string>): string[] =>
  [...withRows].filter((name) => !operations.has(name));
