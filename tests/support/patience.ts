/**
 * How long a test waits for an expected event, in ms. A passing test never waits that long. The limit applies if the
 * event never happens, and is far above the time that a machine at a tenth of the usual speed needs.
 */
export const patienceMs = 60_000;

/** The limit of a whole test or hook, in ms, because some of them wait more than once. */
export const testTimeoutMs = 3 * patienceMs;
