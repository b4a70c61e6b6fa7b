/** How many pending applications one delivery carries. */
export interface BatchSize {
  /** Applications with a closing change, or with a repair. */
  readonly closing: number;
  /** Applications that only open, in a delivery that also closes. */
  readonly alongside: number;
  /** Applications in a delivery that only opens. */
  readonly opening: number;
}

/**
 * How long planning, applying and recording may take, in ms. A delivery that closes cannot be interrupted. One that
 * only opens is cancelled for a closing change until its first file is applied, which is at about three quarters of its
 * work.
 */
const workMs = { closing: 300, alongside: 100, opening: 1_200 };
/** A smaller batch would be more overhead than work. A larger batch is not read in one query. */
const applications = { least: 10, most: 5_000, mostAlongside: 50, firstAlongside: 5 };
/** Longer loads are no measure for the size of a batch, in ms. */
const longestLoadMs = 3_000;

/**
 * Calculates the size of the next batch from the cost of the previous ones. The gateway is busy with each delivery for
 * `loadMs`, and three times as long between two deliveries that only open, so work that is shorter than that would only
 * cause more deliveries.
 * @param costMs the cost of one application in the last deliveries, in ms
 * @param loadMs the last measured time from a marker until it was loaded, in ms
 * @param afterClosing the last delivery closed something. Only then do many others accompany what closes, so that a
 * single revocation goes almost alone, and a stream of revocations does not stop the others
 */
export function batchSize(costMs: number, loadMs: number, afterClosing: boolean): BatchSize {
  const load = Math.min(loadMs, longestLoadMs);
  const within = (budgetMs: number, most: number) =>
    Math.max(applications.least, Math.min(most, Math.floor(budgetMs / costMs)));
  return {
    closing: within(Math.max(workMs.closing, load), applications.most),
    alongside: afterClosing ? within(workMs.alongside, applications.mostAlongside) : applications.firstAlongside,
    opening: within(Math.max(workMs.opening, 3 * load), applications.most),
  };
}

/**
 * For deliveries of fewer applications, the fixed cost dominates. Their cost per application is still an upper bound;
 * without it, one slow delivery would keep all later ones as small as itself.
 */
const fewest = 20;

/** The assumed cost of one application before the first measurement, in ms. */
export const assumedCostMs = 2;

/** The cost after one more delivery. The previous value has half of the weight. */
export function costAfter(
  costMs: number,
  delivered: { readonly applications: number; readonly tookMs: number },
): number {
  if (delivered.applications === 0) return costMs;
  const measured = delivered.tookMs / delivered.applications;
  if (delivered.applications < fewest && measured > costMs) return costMs;
  return Math.max(0.05, (costMs + measured) / 2);
}
