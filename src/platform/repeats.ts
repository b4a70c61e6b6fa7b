/** When a problem that goes on is worth another line in a log, in ms. */
export interface RepeatLimits {
  /** From the first line to the second; each further one takes twice as long. */
  readonly firstMs: number;
  readonly mostMs: number;
}

const usual: RepeatLimits = { firstMs: 10_000, mostMs: 3_600_000 };

/** Problems told apart at the same time. Callers name them by a constant word, so that there are few. */
const mostProblems = 50;

/**
 * Decides which repetitions of a problem are logged: the first at once, and the same one again with growing distance.
 * What is tried every second for a week then costs some dozens of lines.
 */
export class Repeats {
  readonly #problems = new Map<string, { waitMs: number; dueAt: number; silent: number }>();

  constructor(private readonly limits: RepeatLimits = usual) {}

  /**
   * @param problem what tells one problem from another: a word, without paths or random parts
   * @param now monotonic, in ms
   * @returns how often it repeated since its last line; null when this repetition is not logged either
   */
  due(problem: string, now: number): number | null {
    const known = this.#problems.get(problem);
    if (known === undefined) {
      if (this.#problems.size >= mostProblems) this.#problems.clear();
      this.#problems.set(problem, { waitMs: this.limits.firstMs, dueAt: now + this.limits.firstMs, silent: 0 });
      return 0;
    }
    if (now < known.dueAt) {
      known.silent++;
      return null;
    }
    const { silent } = known;
    known.waitMs = Math.min(this.limits.mostMs, known.waitMs * 2);
    known.dueAt = now + known.waitMs;
    known.silent = 0;
    return silent;
  }

  /** Every problem is over. @returns whether there was one */
  over(): boolean {
    const was = this.#problems.size > 0;
    this.#problems.clear();
    return was;
  }
}
