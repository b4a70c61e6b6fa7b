import type { SyncState } from "../platform/contract/sync-state";

/** One awaited thing: an outbox row, or an application as it was last delivered. */
export interface AwaitedDelivery {
  readonly gatewayId: string;
  /** Null for a deny file, which is not probed: once it is loaded, it counts as enforced. */
  readonly applicationId: string | null;
  /** The revision that carried it; null if none did yet. */
  readonly deliveredIn: number | null;
}

/** The known state of the gateway and of the application there. */
export interface Seen {
  readonly loadedRevision: number;
  /** Null if the application was never delivered, or its state was swept. */
  readonly application: { readonly revision: number; readonly provenRevision: number } | null;
}

const order: readonly SyncState[] = ["pending", "applied", "loaded", "enforced"];

/**
 * Derives how far one delivery has come. A newer compile of the same application counts, because it contains all
 * earlier changes.
 */
export function progressOf(awaited: AwaitedDelivery, seen: Seen): SyncState {
  if (awaited.deliveredIn === null) return "pending";
  if (awaited.applicationId !== null && (seen.application?.provenRevision ?? 0) >= awaited.deliveredIn)
    return "enforced";
  if (seen.loadedRevision < awaited.deliveredIn) return "applied";
  return awaited.applicationId === null || seen.application === null ? "enforced" : "loaded";
}

/** The least advanced of several states; `unchanged` for an empty list. */
export function leastOf(states: readonly SyncState[]): SyncState {
  return order.find((state) => states.includes(state)) ?? "unchanged";
}

/** Checks whether a state is at least the awaited one. If nothing has changed, every state is reached. */
export function hasReached(state: SyncState, wanted: SyncState): boolean {
  return state === "unchanged" || order.indexOf(state) >= order.indexOf(wanted);
}
