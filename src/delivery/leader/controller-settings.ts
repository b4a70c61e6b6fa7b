import type { Waker } from "#src/platform/signal";
import type { GatewayConnection } from "../protocol/gateway-connection";
import type { Prober } from "../protocol/prober";
import type { Why } from "./cause-of";
import type { Candidate } from "./elect-leader";
import type { LeaderContext } from "./leader-context";

export interface ReconcilerTiming {
  /** How long a lease lasts without renewal, in ms. */
  readonly leaseMs: number;
  /** How often a process that does not lead checks whether it could, in ms. */
  readonly candidateMs: number;
  /** Time between two full comparisons, in ms. */
  readonly compareMs: number;
  /** The minimum duration of a round that proves everything again, in ms. */
  readonly proofRoundMs: number;
  /** The maximum rate of probes to the gateway, per second. */
  readonly proofsPerSecond: number;
}

/** The defaults. */
export const usualTiming: ReconcilerTiming = {
  leaseMs: 6_000,
  candidateMs: 1_000,
  compareMs: 600_000,
  proofRoundMs: 60_000,
  proofsPerSecond: 500,
};

/** What a controller needs, and the events that it reports. */
export interface Controller
  extends Omit<Candidate, "applier" | "leaderId" | "leaseMs">,
    Pick<LeaderContext, "pace" | "faultPoint" | "onProgress" | "onAlarm"> {
  readonly timing: ReconcilerTiming;
  /** Signals that changes may be pending. */
  readonly waker: Waker;
  /** Connects to the applier and the prober. */
  readonly connect: () => Promise<GatewayConnection>;
  /** The gateway has a leader: this process, with this prober, or another process. */
  readonly onLed: (prober: Prober | null) => void;
  /** This process cannot lead the gateway. */
  readonly onUnled: (error: unknown) => Promise<void>;
  /** Reports what prevents deliveries from being written to the gateway's folder; null after a successful write. */
  readonly onFolder: (why: Why | null) => void;
  /** No change is pending, or a delivery failed. Either way, startup is complete. */
  readonly onSettled: () => void;
  /** A part of a term stopped with an error. */
  readonly onEnded: (error: unknown) => void;
}
