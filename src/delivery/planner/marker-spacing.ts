/** Shortest time between two markers, in ms; also Traefik's own throttle in generated gateways. */
const SHORTEST = 200;

export interface MarkerHistory {
  /** When the last marker was renamed, in ms of a monotonic clock; null when there was none. */
  readonly lastMarkerAt: number | null;
  /** The last measured time from a marker to its being loaded, in ms; 0 while none was measured. */
  readonly loadMs: number;
}

/**
 * The moment from which the next marker may be written. Every marker makes the gateway read everything again, so an
 * opening change leaves it two thirds of its time; a closing one does not wait for that.
 */
export function markerDueAt({ lastMarkerAt, loadMs }: MarkerHistory, closes: boolean): number {
  if (lastMarkerAt === null) return Number.NEGATIVE_INFINITY;
  return lastMarkerAt + Math.max(SHORTEST, loadMs * (closes ? 1 : 3));
}
