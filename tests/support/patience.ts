/**
 * How long a test waits for something that has to happen, in ms. A passing test never waits that long: the bound is for
 * what never comes, and it is far above what a machine at a tenth of the usual speed needs.
 */
export const patienceMs = 60_000;

/** The bound of a whole test or hook, in ms: some wait more than once. */
export const testTimeoutMs = 3 * patienceMs;
