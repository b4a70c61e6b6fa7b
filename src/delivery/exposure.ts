import type { Exposure, SyncState } from "../platform/contract/sync-state";
import { intendedExposure } from "../traefik/compiler/intended";
import type { Access, Intended, OpenedBy } from "../traefik/compiler/state";

/** What the database knows of one application and of what its gateway was seen to do. */
export interface ExposureFacts {
  readonly access: Access;
  readonly openedBy: OpenedBy;
  readonly neverPublic: boolean;
  /** Every row of `security`, and whether it is in force. */
  readonly credentials: readonly { readonly valid: boolean }[];
  readonly hasRoute: boolean;
  /** A change of it has not been delivered. */
  readonly pending: boolean;
  /** What its gateway was last given; null when it was never given anything. */
  readonly delivered: {
    readonly revision: number;
    readonly intended: Intended;
    readonly form: "stated" | "quarantined" | "closed";
    readonly provenRevision: number;
    readonly provedAt: string | null;
    readonly unproven: string | null;
    /** It was not seen for so long that what was seen says little of now. */
    readonly proofIsOld?: boolean;
  } | null;
  /** The revision that its gateway was last seen to serve. */
  readonly loadedRevision: number;
  /** The gateway's last delivery failed. */
  readonly failing: boolean;
}

/** Which promise of the present state has been kept so far. */
export function syncStateOf(facts: ExposureFacts): SyncState {
  if (facts.pending) return "pending";
  if (!facts.delivered) return "unchanged";
  if (facts.delivered.provenRevision >= facts.delivered.revision) return "enforced";
  return facts.loadedRevision >= facts.delivered.revision ? "loaded" : "applied";
}

/** What may be said of an application to its people: only what the gateway was seen to enforce. */
export function exposureOf(facts: ExposureFacts): Exposure {
  const intended = intendedExposure(facts);
  const unknown = (reason: string): Exposure => ({ state: "unknown", intended, provedAt: null, reason });
  if (facts.pending) return unknown(facts.failing ? "delivery_fails" : "pending");
  const { delivered } = facts;
  if (!delivered)
    return facts.hasRoute
      ? unknown("not_delivered")
      : { state: "closed", intended, provedAt: null, reason: "no_route" };
  if (delivered.provenRevision < delivered.revision) {
    return unknown(delivered.unproven ?? (facts.loadedRevision < delivered.revision ? "not_loaded" : "not_proven"));
  }
  if (delivered.unproven) return unknown(delivered.unproven);
  if (delivered.proofIsOld) return unknown("proof_is_old");
  if (!facts.hasRoute) return { state: "closed", intended, provedAt: delivered.provedAt, reason: "no_route" };
  const seen = { intended, provedAt: delivered.provedAt };
  if (delivered.form === "closed") return { ...seen, state: "closed", reason: "quarantined" };
  // What was proven is what was compiled then; where the rows say something else by now, it is not known again.
  if (delivered.intended !== intended) return unknown("pending");
  return { ...seen, state: delivered.intended, ...(delivered.form === "quarantined" ? { reason: "quarantined" } : {}) };
}
