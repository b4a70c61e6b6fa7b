/** The owner of a wait: the limits are shares of the caller and the organization. */
export interface WaitOwner {
  readonly organizationId: string;
  /** The id of the API key or the session of the request. */
  readonly caller: string;
}

/** The target of a wait. `state` is the state to reach. */
export type WaitTarget = { readonly organizationId: string; readonly state: "applied" | "loaded" | "enforced" } & (
  | { readonly kind: "change"; readonly changeId: string }
  | { readonly kind: "rows"; readonly rows: readonly number[] }
  | { readonly kind: "application"; readonly applicationId: string; readonly revision: number }
);

export interface Wait {
  readonly target: WaitTarget;
  /** The maximum time to wait in ms. */
  readonly forMs: number;
  /** Aborts when the caller no longer waits for the response. */
  readonly signal: AbortSignal | undefined;
  /** Waits with the same value share the result of the permission check. */
  readonly permitKey: string;
  /** Returns whether the caller may still wait. Called from time to time; rejects if the check fails. */
  readonly isPermitted: () => Promise<boolean>;
  /** The last query for this wait found nothing, so the next one can be delayed. */
  readonly again: boolean;
}

/** All waits of this process. They share their database queries. */
export interface Waits {
  /**
   * Takes a slot. The returned function frees it; further calls do nothing.
   * @throws Refusal `too_many_waits`: the caller's or its organization's share is used up
   * @throws Refusal `wait_capacity_reached`: the process has no free slot
   */
  enter(owner: WaitOwner): () => void;
  /**
   * Resolves when the target may have been reached, the caller may have lost its permission, the time has passed, or
   * the signal aborts. It is only a hint: the state must then be read with the permissions of the caller.
   */
  moved(wait: Wait): Promise<void>;
  /** Runs the final read of a wait. Only a few reads run at the same time, and organizations take turns. */
  inTurn<T>(organizationId: string, read: () => Promise<T>): Promise<T>;
  /** Signals that a delivery, a load or a proof has happened. */
  wake(): void;
  /** The number of waits in progress. */
  readonly held: number;
}
