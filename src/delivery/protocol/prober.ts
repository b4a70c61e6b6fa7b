import type { GatewayCondition } from "#src/platform/contract/sync-state";
import type { GatewayAddresses } from "./applier";
import type { DeliveredApplication, DeliveryNumber } from "./bundle";
import type { ProofTask, ReportedProof } from "./probe";

/** What a prober knows about its gateway. It has no key: it only compares answers with expected values. */
export interface WatchedGateway extends GatewayAddresses {
  readonly gatewayId: string;
  /** The host name on which the gateway states which delivery it serves. */
  readonly secretHost: string;
  readonly epoch: string;
  /** The revision that the database recorded as loaded before this term. */
  readonly loadedRevision: number;
  /** If false, nothing can be proven. */
  readonly tags: boolean;
  /** The pass value of the gateway. */
  readonly passTag: string;
  /** The maximum number of probes per second. */
  readonly perSecond: number;
  /** The minimum duration of one round that probes every proven application again, in ms. */
  readonly roundMs: number;
}

/** Checks, for one term of a gateway's leader, which delivery the gateway serves and whether it enforces it. */
export interface Prober {
  /** The marker of a delivery was renamed at `at`, in ms of the pace's clock. It should be loaded soon. */
  marked(delivery: DeliveryNumber, at: number): void;
  /** The delivery with this revision is recorded in the database, so reports about it can be stored. */
  recorded(revision: number, applications: readonly DeliveredApplication[]): void;
  /** A delivery failed, and parts of it may be recorded. */
  failed(): Promise<void>;
  /** Asks the leader for everything that is delivered and not proven. */
  recall(): Promise<void>;
  /** A caller waits for this application to be enforced. */
  prioritize(applicationId: string): void;
  /** Probes an application now, whether it is proven or not, because a caller requested it. */
  probe(task: ProofTask): void;
  /** Probes until the term is over. */
  run(): Promise<void>;
}

/** The gateway serves a different delivery than before. */
export interface LoadedReport {
  readonly revision: number;
  /** The previous revision; a newer one if the gateway went back. */
  readonly before: number;
  /** The database may record a different revision as loaded. */
  readonly isNews: boolean;
  /** When the delivery was first seen, as ISO 8601. */
  readonly seenAt: string;
}

export type MissingReason = "gateway_does_not_answer" | "gateway_does_not_load";

/** The gateway does not serve the newest delivery. */
export interface MissingReport {
  readonly why: MissingReason;
  /** Deliveries above this revision are not served. */
  readonly above: number;
}

/** Why an application is probed, in order of priority. */
export const proofRanks = ["closes", "waited", "changed", "again"] as const;
export type ProofRank = (typeof proofRanks)[number];

/** One page of proof tasks. */
export interface ProofPage {
  readonly tasks: readonly (ProofTask & { readonly rank: ProofRank })[];
  /** The start of the next page; null at the end. */
  readonly next: string | null;
}

/** A reported result: either it is complete, or the application has to be probed again. */
export interface SettledProof {
  readonly applicationId: string;
  readonly revision: number;
  readonly isDone: boolean;
  /** A visitor is let in: the end of the alarm must be seen soon. */
  readonly isExposed: boolean;
}

/** The reports from the prober to the leader, which stores them in the database. A failed report is sent again. */
export interface ProberReports {
  /** Checks whether this is an applied delivery of this installation. */
  isKnown(served: DeliveryNumber): Promise<boolean>;
  loaded(report: LoadedReport): Promise<void>;
  /** How long the last marker took to load, in ms. */
  measured(loadMs: number): void;
  missing(report: MissingReport): Promise<void>;
  /** The gateway does something else with its folder than before, or was observed for the first time in this term. */
  condition(condition: GatewayCondition): Promise<void>;
  /** Applications after `after` whose newest delivery is not proven, or was not probed for a long time. */
  unproven(after: string): Promise<ProofPage>;
  /** Proven applications after `after`, in order. These are probed again periodically. */
  proven(after: string, limit: number): Promise<readonly ProofTask[]>;
  proofs(results: readonly ReportedProof[]): Promise<readonly SettledProof[]>;
}
