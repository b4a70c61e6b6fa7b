import { existsSync } from "node:fs";
import { join } from "node:path";
import { applyMutant } from "./apply-mutant";
import { type Mutant, nameOf } from "./mutant";

const root = join(import.meta.dirname, "../..");

/** What is wrong with the list itself: one line for each mutant that no longer applies, or that names a missing test. */
export function problemsOf(mutants: readonly Mutant[]): string[] {
  return mutants.flatMap((mutant) => {
    const problem = problemOf(mutant);
    return problem === null ? [] : [`${nameOf(mutant)}, "${mutant.description}": ${problem}`];
  });
}

function problemOf(mutant: Mutant): string | null {
  const missing = mutant.tests.find((path) => !existsSync(join(root, path)));
  if (missing !== undefined) return `there is no ${missing}`;
  try {
    applyMutant(mutant);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
