import type { WaitOwner } from "./waits";

/** What changed in an organization: ids and states, and nothing that a caller would have to be allowed to read. */
export type LiveEvent =
  | {
      readonly kind: "application";
      readonly applicationId: string;
      readonly projectId: string;
      /** The exposure; null if the application was deleted. */
      readonly state: string | null;
      readonly reason: string | null;
      readonly sync: string | null;
    }
  | {
      readonly kind: "gateway";
      readonly gatewayId: string;
      /** Why deliveries fail; null if they do not. */
      readonly cause: string | null;
      readonly condition: string | null;
    }
  | { readonly kind: "audit"; readonly auditId: string; readonly action: string }
  /** Too much has changed, or the position is unknown: everything has to be read again. */
  | { readonly kind: "reset" };

/** An event at its position. All streams of an organization share it. */
export interface EventMessage {
  readonly kind: "event";
  readonly position: string;
  readonly event: LiveEvent;
}

/** One message of a stream. */
export type Message =
  | EventMessage
  /** The stream begins at this position. */
  | { readonly kind: "ready"; readonly position: string }
  /**
   * Keeps the connection open, and says that the follower has everything up to this position: it may see none of the
   * newest events.
   */
  | { readonly kind: "heartbeat"; readonly position: string }
  /** The last message: the caller may not follow any more. */
  | { readonly kind: "end"; readonly reason: string };

/** The credential of a caller, as the periodic checks present it again. */
export interface PresentedCredential {
  readonly kind: "apiKey" | "session";
  readonly hash: string;
  /** The id or the slug of the organization that the request names. */
  readonly organization: string | null;
}

/** Who follows the events of an organization. */
export interface Follower {
  readonly owner: WaitOwner;
  readonly presents: PresentedCredential;
  /** The position of the last event that the caller received; null at the first connection. */
  readonly after: string | null;
  /** Aborts when the caller has gone. */
  readonly signal: AbortSignal | undefined;
  /** Whether the caller may learn of an event now. */
  sees(event: LiveEvent): boolean;
  /**
   * Decides again, because something about the caller changed.
   * @returns whether the caller now sees other events than before
   * @throws Refusal the caller may not follow any more
   */
  renew(): Promise<boolean>;
}

/** The events of one follower. */
export interface Subscription {
  /** Waits for the next messages, all that are there. Null: there are no more. */
  next(): Promise<readonly Message[] | null>;
  /** Frees everything. Further calls do nothing. */
  end(): void;
}

/** The streams of events of this process. They share their looks at the database. */
export interface Events {
  /**
   * Begins a stream. A change that is committed after this call resolves is part of it.
   * @throws Refusal `too_many_streams`: the share of the caller or the organization is used up
   * @throws Refusal `stream_capacity_reached`: the process has no free slot, or stops
   */
  follow(follower: Follower): Promise<Subscription>;
  /** Something may have changed: look now. It is a hint. */
  wake(): void;
  /** Ends all streams. */
  close(): void;
  /** The number of streams. */
  readonly held: number;
}
