import { extname } from "node:path";
import type { Mutant } from "./mutant";
import { locate, parse } from "./sources";

/** A file of the project, and its text with the mutant. */
export interface MutatedFile {
  readonly file: string;
  readonly text: string;
}

/**
 * Applies a mutant to the source.
 * @throws when its symbol is missing, when the mutation does not apply exactly once, or when the result is the same code or
 *   not readable
 */
export function applyMutant(mutant: Mutant): MutatedFile {
  const scope = locate(mutant);
  const { start, end, text: replacement } = mutant.mutation(scope);
  if (scope.text.slice(start, end) === replacement) throw new RangeError("the mutation changes nothing");
  const text = scope.text.slice(0, start) + replacement + scope.text.slice(end);
  if (extname(scope.file) !== ".sql") parse(scope.file, text);
  return { file: scope.file, text };
}
