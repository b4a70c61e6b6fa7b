/**
 * Soaks, hammers and fuzzes have two lengths: a short one of at most 10 s in `npm test`, and the full one in
 * `npm run test:long`, which runs exactly the files that import this module.
 */
export const isFull = process.env.PORTCULLIS_TEST_LONG === "1";

/** @param quick enough to fail when the behavior is broken */
export const long = (full: number, quick: number): number => (isFull ? full : quick);
