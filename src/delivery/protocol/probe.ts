import type { Probe } from "../../traefik/compiler/state";

/** A question for the gateway, as compiled, or one for the place of a route that was removed. */
export interface AskedProbe extends Omit<Probe, "expect"> {
  /** `gone`: the route was removed. Another route or a deny of Portcullis may answer there. Left out once it was seen. */
  readonly expect: Probe["expect"] | "gone";
}

/** What a gateway answered to one question. */
export interface Proof {
  readonly request: string;
  readonly status: number | null;
  readonly tag: boolean;
  readonly pass: boolean;
  readonly proven: boolean;
  readonly why: string | null;
  readonly at: string;
}

/** What has to be seen of one application at its gateway. */
export interface ProofTask {
  readonly applicationId: string;
  readonly organizationId: string;
  /** The delivery that has to be loaded first. */
  readonly revision: number;
  /** Visitors are meant to reach the upstream without a credential. */
  readonly isPublic: boolean;
  /** It was seen to enforce this revision before. */
  readonly wasProven: boolean;
  /** Of the compile that has to answer. */
  readonly tag: string;
  readonly probes: readonly AskedProbe[];
}

/** What was seen. `why` is null when it is proven. */
export interface ProofResult {
  readonly applicationId: string;
  /** The revision that was asked about; a newer one in the meantime makes the result void. */
  readonly revision: number;
  readonly why: string | null;
  readonly proof: readonly Proof[];
}

/** A result as the prober reports it: only the leader knows who stands behind a tag at the place of a removed route. */
export interface ReportedProof extends ProofResult {
  readonly removed: readonly RemovedRouteAnswer[];
}

/** What answered at the place of a removed route. Its entry in `proof` is not judged yet. */
export interface RemovedRouteAnswer {
  /** The number of its entry in `proof`. */
  readonly entry: number;
  readonly host: string;
  /** The tag that it answered with. */
  readonly tag: string | null;
}
