export interface BackoffLimits {
  readonly firstMs: number;
  readonly mostMs: number;
}

/** Returns the delay after `failures` consecutive failures (from 1) in ms. It doubles with each failure. */
export function backoff(failures: number, { firstMs, mostMs }: BackoffLimits): number {
  return Math.min(mostMs, firstMs * 2 ** Math.min(30, Math.max(0, failures - 1)));
}
