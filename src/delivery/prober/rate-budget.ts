/** The remaining budget of a rate: at most `perSecond` in any second, in bursts of at most a tenth of it. */
export interface Budget {
  readonly perSecond: number;
  readonly tokens: number;
  /** Milliseconds of a monotonic clock. */
  readonly at: number;
}

export function fullBudget(perSecond: number, now: number): Budget {
  return { perSecond, tokens: burstOf(perSecond), at: now };
}

/** Takes one unit. `waitMs` is how long to wait before using it. */
export function spend(budget: Budget, now: number): { readonly budget: Budget; readonly waitMs: number } {
  const earned = (Math.max(0, now - budget.at) * budget.perSecond) / 1_000;
  const tokens = Math.min(burstOf(budget.perSecond), budget.tokens + earned) - 1;
  return {
    budget: { ...budget, tokens, at: Math.max(now, budget.at) },
    waitMs: tokens >= 0 ? 0 : (-tokens * 1_000) / budget.perSecond,
  };
}

function burstOf(perSecond: number): number {
  return Math.max(1, Math.floor(perSecond / 10));
}
