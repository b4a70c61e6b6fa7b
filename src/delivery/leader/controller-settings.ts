import type { Waker } from "../../platform/signal";
import type { GatewayConnection } from "../protocol/gateway-connection";
import type { Prober } from "../protocol/prober";
import type { Why } from "./cause-of";
import type { Candidate } from "./elect-leader";
import type { LeaderContext } from "./leader-context";

export interface ReconcilerTiming {
  /** How long a lease runs without being renewed, in ms. */
  readonly leaseMs: number;
  /** How often a process that does not lead looks whether it could, in ms. */
  readonly candidateMs: number;
  /** Time between two full comparisons, in ms. */
  readonly compareMs: number;
  /** A round of asking again what is proven takes at least this, in ms. */
  readonly proofRoundMs: number;
  /** Questions to the gateway in proving, most a second. */
  readonly proofsPerSecond: number;
}

/** The values that apply where no option says otherwise. */
export const usualTiming: ReconcilerTiming = {
  leaseMs: 6_000,
  candidateMs: 1_000,
  compareMs: 600_000,
  proofRoundMs: 60_000,
  proofsPerSecond: 500,
};

/** What a controller works with, and what it tells about. */
export interface Controller
  extends Omit<Candidate, "applier" | "holder" | "leaseMs">,
    Pick<LeaderContext, "pace" | "at" | "onProgress"> {
  readonly timing: ReconcilerTiming;
  /** Rings when something may be pending. */
  readonly waker: Waker;
  /** Reaches the applier and the prober. */
  readonly connect: () => Promise<GatewayConnection>;
  /** The gateway is led: from here with this prober, or by another process. */
  readonly onLed: (prober: Prober | null) => void;
  /** It cannot be led from here. */
  readonly onUnled: (error: unknown) => Promise<void>;
  /** What keeps deliveries from being written to the gateway's folder; null when one was written. */
  readonly onFolder: (why: Why | null) => void;
  /** There is nothing to deliver, or a delivery failed: the start is over either way. */
  readonly onSettled: () => void;
  /** A part of a term ended with an error. */
  readonly onEnded: (error: unknown) => void;
}
