/** The intervals between log lines about a continuing problem, in ms. */
export interface RepeatLimits {
  /** The interval from the first line to the second; each further interval is twice as long. */
  readonly firstMs: number;
  readonly mostMs: number;
}

const usual: RepeatLimits = { firstMs: 10_000, mostMs: 3_600_000 };

/** The maximum number of distinct problems at a time. Callers name a problem by a constant word, so there are few. */
const mostProblems = 50;

/**
 * Decides which repetitions of a problem are logged: the first one immediately, further ones at growing intervals. A
 * problem that repeats every second for a week then needs only some dozens of lines.
 */
export class Repeats {
  readonly #problems = new Map<string, { waitMs: number; dueAt: number; silent: number }>();

  constructor(private readonly limits: RepeatLimits = usual) {}

  /**
   * @param problem the name of the problem: a word without paths or random parts
   * @param now monotonic, in ms
   * @returns how often the problem repeated since its last line; null if this repetition is not logged
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

  /** Marks all problems as solved. @returns whether there was one */
  over(): boolean {
    const was = this.#problems.size > 0;
    this.#problems.clear();
    return was;
  }
}
