import type { GatewayAddresses } from "./applier";
import type { DeliveredApplication, DeliveryNumber } from "./bundle";
import type { ProofTask, ReportedProof } from "./probe";

/** What a prober knows of the gateway that it asks. It has no key: it compares what answers with what it was given. */
export interface WatchedGateway extends GatewayAddresses {
  readonly gatewayId: string;
  /** The host name on which the gateway states which delivery it serves. */
  readonly secretHost: string;
  readonly epoch: string;
  /** What the database recorded as loaded before this term. */
  readonly loadedRevision: number;
  /** Off: nothing can be proven. */
  readonly tags: boolean;
  /** The pass value of the gateway. */
  readonly passTag: string;
  /** Probes of one second, at most. */
  readonly perSecond: number;
  /** How long one round of asking again what is proven takes at least, in ms. */
  readonly roundMs: number;
}

/** Asks one gateway, for one term of its leader, which delivery it serves and whether it enforces it. */
export interface Prober {
  /** The marker of a delivery was renamed at `at`, in ms of the pace: it should be loaded soon. */
  marked(delivery: DeliveryNumber, at: number): void;
  /** What was delivered with this revision is in the database, and can be reported about. */
  recorded(revision: number, applications: readonly DeliveredApplication[]): void;
  /** A delivery failed; parts of it may be recorded. */
  failed(): Promise<void>;
  /** Asks the leader for everything that is delivered and not proven. */
  recall(): Promise<void>;
  /** A caller waits for this application to be enforced. */
  prioritize(applicationId: string): void;
  /** Asks until the term is over. */
  run(): Promise<void>;
}

/** Another delivery is served than before. */
export interface LoadedReport {
  readonly revision: number;
  /** The one before it; a newer one if the gateway went back. */
  readonly before: number;
  /** The database may have another revision as the loaded one. */
  readonly isNews: boolean;
  /** When it was first seen, ISO 8601. */
  readonly seenAt: string;
}

export type MissingReason = "gateway_does_not_answer" | "gateway_does_not_load";

/** The newest delivery is not served. */
export interface MissingReport {
  readonly why: MissingReason;
  /** Deliveries above this one are not served. */
  readonly above: number;
}

/** Why an application is asked for; earlier ones go first. */
export const proofRanks = ["closes", "waited", "changed", "again"] as const;
export type ProofRank = (typeof proofRanks)[number];

/** One page of what has to be asked. */
export interface ProofPage {
  readonly tasks: readonly (ProofTask & { readonly rank: ProofRank })[];
  /** Where the next page begins; null at the end. */
  readonly next: string | null;
}

/** A reported result of which nothing more has to be asked, or one that has to be asked again. */
export interface SettledProof {
  readonly applicationId: string;
  readonly revision: number;
  readonly isDone: boolean;
}

/** What a prober reports to the leader, which writes it to the database. A report that fails is sent again. */
export interface ProberReports {
  /** Whether this is a delivery of this installation that was applied. */
  isKnown(served: DeliveryNumber): Promise<boolean>;
  loaded(report: LoadedReport): Promise<void>;
  /** How long the last marker took to be loaded, in ms. */
  measured(loadMs: number): void;
  missing(report: MissingReport): Promise<void>;
  /** Applications after `after` of which the newest delivery is not proven, or was not asked for a long time. */
  unproven(after: string): Promise<ProofPage>;
  /** Proven applications after `after`, in order: those that are asked again from time to time. */
  proven(after: string, limit: number): Promise<readonly ProofTask[]>;
  proofs(results: readonly ReportedProof[]): Promise<readonly SettledProof[]>;
}
