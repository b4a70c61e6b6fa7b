import type { UnprovenReason } from "#src/platform/contract/sync-state";
import type { Probe } from "#src/traefik/compiler/state";

/** A probe for the gateway: one from the compiler, or one for the place of a removed route. */
export interface PlannedProbe extends Omit<Probe, "expect"> {
  /**
   * `gone`: the route was removed. Another route or a deny of Portcullis may answer there. The probe is dropped once
   * the route was seen gone.
   */
  readonly expect: Probe["expect"] | "gone";
}

/** A gateway's response to one probe. */
export interface ProbeResult {
  readonly request: string;
  readonly status: number | null;
  readonly tag: boolean;
  readonly pass: boolean;
  readonly proven: boolean;
  readonly why: UnprovenReason | null;
  /** What the response calls its server, if it is not what the route must answer. Earlier versions stored none. */
  readonly server?: string | null | undefined;
  readonly at: string;
}

/** What has to be proven of one application at its gateway. */
export interface ProofTask {
  readonly applicationId: string;
  readonly organizationId: string;
  /** The delivery that has to be loaded first. */
  readonly revision: number;
  /** Visitors are meant to reach the upstream without a credential. */
  readonly isPublic: boolean;
  /** It was already seen to enforce this revision. */
  readonly wasProven: boolean;
  /** The tag of the compile that must answer. */
  readonly tag: string;
  readonly probes: readonly PlannedProbe[];
}

/** The observed result. `why` is null if the application is proven. */
export interface ProofResult {
  readonly applicationId: string;
  /** The probed revision. A newer revision in the meantime makes the result void. */
  readonly revision: number;
  readonly why: UnprovenReason | null;
  readonly proof: readonly ProbeResult[];
}

/** A result as the prober reports it. Only the leader knows the owner of a tag at the place of a removed route. */
export interface ReportedProof extends ProofResult {
  readonly removed: readonly RemovedRouteResponse[];
}

/** The response at the place of a removed route. Its entry in `proof` is not judged yet. */
export interface RemovedRouteResponse {
  /** The index of its entry in `proof`. */
  readonly entry: number;
  readonly host: string;
  /** The tag in the response. */
  readonly tag: string | null;
}
