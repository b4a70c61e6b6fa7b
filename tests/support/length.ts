/**
 * Soaks, hammers and fuzzes have two lengths: a short one of at most 10 s in `npm test`, and the full one in
 * `npm run test:long`, which runs exactly the files that import this module.
 */
export const isFull = process.env.PORTCULLIS_TEST_LONG === "1";

/** @param quick must still be large enough to fail if the behavior is broken */
export const long = (full: number, quick: number): number => (isFull ? full : quick);

/**
 * Whether this is the embedded part of a short run that also runs the same files on PostgreSQL. Table tests of SQL that
 * is the same on both databases, or of no SQL at all, then use only some of their rows here. The full length uses all
 * rows.
 */
const isSecondDatabase =
  !isFull && process.env.PORTCULLIS_TEST_DATABASE === "embedded" && process.env.PORTCULLIS_TEST_BESIDE_POSTGRES === "1";

/** @param rows of a table test that both databases run. In a short run, the second database runs every sixth row */
export const onSecondDatabaseASixth = <T>(rows: readonly T[]): readonly T[] =>
  isSecondDatabase ? rows.filter((_, at) => at % 6 === 0) : rows;
