/** The shortest time between two markers, in ms. Generated gateways use it as Traefik's own throttle. */
const SHORTEST = 200;

export interface MarkerHistory {
  /** When the last marker was renamed, in ms of a monotonic clock; null if there was none. */
  readonly lastMarkerAt: number | null;
  /** The last measured time from a marker until it was loaded, in ms; 0 before the first measurement. */
  readonly loadMs: number;
}

/**
 * Returns the earliest time for the next marker. Every marker makes the gateway read everything again, so opening
 * changes leave it two thirds of its time. A closing change does not wait for that.
 */
export function markerDueAt({ lastMarkerAt, loadMs }: MarkerHistory, closes: boolean): number {
  if (lastMarkerAt === null) return Number.NEGATIVE_INFINITY;
  return lastMarkerAt + Math.max(SHORTEST, loadMs * (closes ? 1 : 3));
}
