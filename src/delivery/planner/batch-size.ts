/** How much of what is pending goes in one delivery. */
export interface BatchSize {
  /** Applications of which something closes; also those that are mended. */
  readonly closing: number;
  /** Applications that only open, in a delivery that closes. */
  readonly beside: number;
  /** Applications in a delivery that only opens. */
  readonly opening: number;
}

/**
 * How long planning, applying and recording may take, in ms. A delivery that closes cannot be interrupted. One that only
 * opens is given up for a closing change until its first file is applied, which is about the last quarter of its work.
 */
const workMs = { closing: 300, beside: 100, opening: 1_200 };
/** A batch of less would be more overhead than work; a batch of more is not read in one query. */
const applications = { least: 10, most: 5_000, mostBeside: 50, firstBeside: 5 };
/** Loads that are longer than this say nothing of how large a batch should be, in ms. */
const longestLoadMs = 3_000;

/**
 * The size of the next batch, by what the last ones cost. The gateway is busy with each for `loadMs` anyway, and three
 * times as long between two that only open, so that shorter work than that would only make more deliveries.
 * @param costMs of one application in the last deliveries, in ms
 * @param loadMs the last measured time from a marker to its being loaded, in ms
 * @param afterClosing the last delivery closed something: only then many others go with what closes, so that a single
 * revocation goes almost alone, and a stream of them does not stop the others
 */
export function batchSize(costMs: number, loadMs: number, afterClosing: boolean): BatchSize {
  const load = Math.min(loadMs, longestLoadMs);
  const within = (budgetMs: number, most: number) =>
    Math.max(applications.least, Math.min(most, Math.floor(budgetMs / costMs)));
  return {
    closing: within(Math.max(workMs.closing, load), applications.most),
    beside: afterClosing ? within(workMs.beside, applications.mostBeside) : applications.firstBeside,
    opening: within(Math.max(workMs.opening, 3 * load), applications.most),
  };
}

/**
 * Deliveries of fewer applications say more of their fixed part than of what one application costs. What they cost for
 * each is still an upper bound, without which one slow delivery would keep all that follow as small as itself.
 */
const fewest = 20;

/** What one application costs, before anything was measured, in ms. */
export const assumedCostMs = 2;

/** The cost after one more delivery: half of it is what was known before. */
export function costAfter(
  costMs: number,
  delivered: { readonly applications: number; readonly tookMs: number },
): number {
  if (delivered.applications === 0) return costMs;
  const measured = delivered.tookMs / delivered.applications;
  if (delivered.applications < fewest && measured > costMs) return costMs;
  return Math.max(0.05, (costMs + measured) / 2);
}
