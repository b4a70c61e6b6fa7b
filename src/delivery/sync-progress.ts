import type { SyncState } from "../platform/contract/sync-state";

/** One thing that is waited for: an outbox row, or an application as it was last delivered. */
export interface AwaitedDelivery {
  readonly gatewayId: string;
  /** Null for a deny file: there is nothing of it to be proven, so loaded is as good as enforced. */
  readonly applicationId: string | null;
  /** The revision that carried it; null while none did. */
  readonly deliveredIn: number | null;
}

/** What is known of the gateway and of the application there. */
export interface Seen {
  readonly loadedRevision: number;
  /** Null when nothing was ever delivered of it, or it was swept. */
  readonly application: { readonly revision: number; readonly provenRevision: number } | null;
}

const order: readonly SyncState[] = ["pending", "applied", "loaded", "enforced"];

/**
 * How far one delivery has come. A newer compile of the same application counts: it holds all that came before.
 */
export function progressOf(awaited: AwaitedDelivery, seen: Seen): SyncState {
  if (awaited.deliveredIn === null) return "pending";
  if (awaited.applicationId !== null && (seen.application?.provenRevision ?? 0) >= awaited.deliveredIn)
    return "enforced";
  if (seen.loadedRevision < awaited.deliveredIn) return "applied";
  return awaited.applicationId === null || seen.application === null ? "enforced" : "loaded";
}

/** The least of several; `unchanged` of none. */
export function leastOf(states: readonly SyncState[]): SyncState {
  return order.find((state) => states.includes(state)) ?? "unchanged";
}

/** Whether a state is at least the one that is waited for. Where nothing has changed, everything is reached. */
export function hasReached(state: SyncState, wanted: SyncState): boolean {
  return state === "unchanged" || order.indexOf(state) >= order.indexOf(wanted);
}
