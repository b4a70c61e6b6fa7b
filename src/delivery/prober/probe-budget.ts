import type { Pace } from "#src/platform/timer";
import { type Budget, fullBudget, spend } from "./rate-budget";

type Line = Map<string, (() => void)[]>;

/**
 * Limits the rate of probes to a gateway. Probes that need no upstream go first, and within each kind organizations
 * take turns.
 */
export class ProbeBudget {
  #budget: Budget;
  readonly #lines: Readonly<Record<"first" | "others", Line>> = { first: new Map(), others: new Map() };
  #isServing = false;

  constructor(
    perSecond: number,
    private readonly pace: Pace,
    private readonly over: AbortSignal,
  ) {
    this.#budget = fullBudget(perSecond, pace.now());
  }

  /** Resolves when one more probe of this organization may be sent, or when the term is over. */
  pass(organizationId: string, line: "first" | "others"): Promise<void> {
    return new Promise((resolve) => {
      const queue = this.#lines[line].get(organizationId) ?? [];
      this.#lines[line].set(organizationId, queue);
      queue.push(resolve);
      void this.#serve();
    });
  }

  async #serve(): Promise<void> {
    if (this.#isServing) return;
    this.#isServing = true;
    const { first, others } = this.#lines;
    while (first.size > 0 || others.size > 0) {
      const { budget, waitMs } = spend(this.#budget, this.pace.now());
      this.#budget = budget;
      if (waitMs > 0) await this.pace.sleep(waitMs, this.over);
      takeTurn(first.size > 0 ? first : others);
    }
    this.#isServing = false;
  }
}

/** Lets the first probe of a line pass. Its organization moves to the end of the line. */
function takeTurn(line: Line): void {
  for (const [organizationId, queue] of line) {
    const go = queue.shift();
    line.delete(organizationId);
    if (queue.length > 0) line.set(organizationId, queue);
    go?.();
    return;
  }
}
