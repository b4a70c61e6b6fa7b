/** The whole length of the longest runs; `npm test` takes the quick one. */
export const isFull = process.env.PORTCULLIS_GATEWAY_FULL === "1";

/** @param quick what is enough to see it fail when it is broken */
export const long = (full: number, quick: number): number => (isFull ? full : quick);
