/** Who holds a wait: the bounds are shares of these. */
export interface WaitOwner {
  readonly organizationId: string;
  /** The id of the API key or the session that asks. */
  readonly caller: string;
}

/** What a wait is about. `state` is the state that has to be reached. */
export type WaitTarget = { readonly organizationId: string; readonly state: "applied" | "loaded" | "enforced" } & (
  | { readonly kind: "change"; readonly changeId: string }
  | { readonly kind: "rows"; readonly rows: readonly number[] }
  | { readonly kind: "application"; readonly applicationId: string; readonly revision: number }
);

export interface Wait {
  readonly target: WaitTarget;
  /** How long to wait at most, in ms. */
  readonly forMs: number;
  /** Aborted when the caller no longer waits for the answer. */
  readonly signal: AbortSignal | undefined;
  /** Waits with the same value stand or fall together when the caller's permission is checked. */
  readonly permitKey: string;
  /** Whether the caller may still wait. Called now and then; rejects when that cannot be found out. */
  readonly isPermitted: () => Promise<boolean>;
  /** The last look for this wait was fruitless, so the next one need not come at once. */
  readonly again: boolean;
}

/** All waits of this process. They share the looks at the database. */
export interface Waits {
  /**
   * Takes a place. It is to be given back by the function that is returned; further calls of it do nothing.
   * @throws Refusal `too_many_waits`: the caller's or its organization's share is used up
   * @throws Refusal `wait_capacity_reached`: the process has no place left
   */
  enter(owner: WaitOwner): () => void;
  /**
   * Resolves when the target may have been reached, the caller may have lost its permission, the time is over, or the
   * signal aborts. It is only a hint: the answer has to be read with the caller's own rights.
   */
  moved(wait: Wait): Promise<void>;
  /** Runs the final read of a wait. Only a few run at the same time, organizations in turn, however many waits end at once. */
  inTurn<T>(organizationId: string, read: () => Promise<T>): Promise<T>;
  /** Something was delivered, loaded or proven. */
  wake(): void;
  /** Waits under way. */
  readonly held: number;
}
