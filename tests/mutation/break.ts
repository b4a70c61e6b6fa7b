/** A behaviour taken out of the product, which tests have to notice. */
export interface Break {
  /** Ids of the requirements that it breaks, as the tests' names carry them. */
  readonly of: string;
  /** What goes wrong, as a whole sentence without its end. */
  readonly says: string;
  /** From the project's folder. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** Files of tests, one of which has to fail: the fewest that should. */
  readonly tests: readonly string[];
  /** Where `*.db.test.ts` runs; races show on PostgreSQL alone. Embedded unless it is said. */
  readonly database?: "embedded" | "postgres";
}

/** Breaks of one part of the product, with the tests that most of them are noticed by. */
export function breaksOf(
  file: string,
  tests: readonly string[],
  list: readonly (Pick<Break, "of" | "says" | "find" | "replace" | "database"> & {
    readonly tests?: readonly string[];
  })[],
): Break[] {
  return list.map((one) => ({ file, tests, ...one }));
}
