import type { Mutation } from "./mutations";

/** A rule taken out of the product: the tests that it names must notice that. */
export type Mutant = Target & {
  /** Ids of the requirements that it violates, as the names of tests carry them. */
  readonly requirement: string;
  /** What goes wrong, as a whole sentence without its full stop. */
  readonly description: string;
  readonly mutation: Mutation;
  /** Test files, one of which has to fail: as few as possible. */
  readonly tests: readonly string[];
  /** Where `*.db.test.ts` runs; only PostgreSQL shows races. Default: embedded. */
  readonly database?: "embedded" | "postgres";
};

/** The code that a mutant changes, by name, so that the list does not depend on how or where in a file it is written. */
export type Target =
  | {
      readonly file: string;
      /** A function, constant or class of the file; further names after a dot: `Prover.run`, `limits.signInByAddress`. */
      readonly symbol: string;
    }
  /** A function of the database, in its present definition. */
  | { readonly sqlFunction: string }
  /** A statement outside any function. Migrations are append-only, so its text does not change. */
  | { readonly migration: string };

/** A mutant's target as one text, for reports and filters. */
export function nameOf(mutant: Target): string {
  if ("sqlFunction" in mutant) return mutant.sqlFunction;
  return "migration" in mutant ? mutant.migration : `${mutant.file} ${mutant.symbol}`;
}
