/**
 * Soaks, hammers and fuzzes have two lengths: a short one of at most 10 s in `npm test`, and the full one in
 * `npm run test:long`, which runs exactly the files that import this module.
 */
export const isFull = process.env.PORTCULLIS_TEST_LONG === "1";

/** @param quick enough to fail when the behavior is broken */
export const long = (full: number, quick: number): number => (isFull ? full : quick);

/**
 * Whether this is the embedded database's half of a short run whose other half runs the same files on PostgreSQL. What is
 * the same SQL, or no SQL at all, is then tried on a part of its rows here; on all of them in the full length.
 */
const isSecondDatabase =
  !isFull && process.env.PORTCULLIS_TEST_DATABASE === "embedded" && process.env.PORTCULLIS_TEST_BESIDE_POSTGRES === "1";

/** @param rows of a table of tests that both databases run; the second one runs every sixth in a short run */
export const onSecondDatabaseASixth = <T>(rows: readonly T[]): readonly T[] =>
  isSecondDatabase ? rows.filter((_, at) => at % 6 === 0) : rows;
