export interface BackoffLimits {
  readonly firstMs: number;
  readonly mostMs: number;
}

/** How long to wait after `failures` failures in a row (from 1), doubling, in ms. */
export function backoff(failures: number, { firstMs, mostMs }: BackoffLimits): number {
  return Math.min(mostMs, firstMs * 2 ** Math.min(30, Math.max(0, failures - 1)));
}
