import type { Alarm, Exposure, ExposureReason, SyncState, UnprovenReason } from "../platform/contract/sync-state";
import { intendedExposure } from "../traefik/compiler/intended";
import type { Access, Intended, OpenedBy } from "../traefik/compiler/state";

/** What the database knows about one application and about the observed behaviour of its gateway. */
export interface ExposureFacts {
  readonly closedByHand: boolean;
  readonly access: Access;
  readonly openedBy: OpenedBy;
  readonly neverPublic: boolean;
  /** Every row of `security`, and whether it is valid now. */
  readonly credentials: readonly { readonly valid: boolean }[];
  readonly hasRoute: boolean;
  /** At least one of its routes is not under maintenance. */
  readonly hasEnabledRoute: boolean;
  /** A change of the application is not delivered yet. */
  readonly pending: boolean;
  /** What the gateway last received for it; null if it never received anything. */
  readonly delivered: {
    readonly revision: number;
    readonly intended: Intended;
    readonly form: "stated" | "quarantined" | "closed";
    readonly provenRevision: number;
    readonly provedAt: string | null;
    readonly unproven: UnprovenReason | null;
    /** The last proof is too old to describe the present. */
    readonly proofIsOld?: boolean;
    /** A visitor was let in where the gateway should refuse, and was not seen refused since. */
    readonly alarm?: { readonly reason: UnprovenReason; readonly seen: Alarm } | null;
  } | null;
  /** The revision that the gateway was last seen to serve. */
  readonly loadedRevision: number;
  /** The gateway's last delivery failed. */
  readonly failing: boolean;
}

/** Derives how far the present state has been delivered. */
export function syncStateOf(facts: ExposureFacts): SyncState {
  if (facts.pending) return "pending";
  if (!facts.delivered) return "unchanged";
  if (facts.delivered.provenRevision >= facts.delivered.revision) return "enforced";
  return facts.loadedRevision >= facts.delivered.revision ? "loaded" : "applied";
}

/**
 * Derives what responses may say about an application: only what the gateway was seen to enforce.
 *
 * An alarm comes before everything else: also before a change that is pending or not loaded, a silent gateway, and an
 * old proof. Each of these says only that nothing newer was seen, and the last thing that was seen is a visitor who was
 * let in. If they hid the alarm, an edit or a restart would turn it off while visitors still get in. The leader ends an
 * alarm when it has seen the newest delivery enforced, or every visitor refused.
 */
export function exposureOf(facts: ExposureFacts): Exposure {
  const intended = intendedExposure(facts);
  const unknown = (reason: ExposureReason): Exposure => ({ state: "unknown", intended, provedAt: null, reason });
  if (facts.delivered?.alarm) {
    const { reason, seen } = facts.delivered.alarm;
    return { state: "exposed", intended, provedAt: null, reason, alarm: seen };
  }
  if (facts.pending) return unknown(facts.failing ? "delivery_fails" : "pending");
  const { delivered } = facts;
  if (!delivered)
    return facts.hasRoute
      ? unknown("not_delivered")
      : { state: "closed", intended, provedAt: null, reason: facts.closedByHand ? "closed_by_hand" : "no_route" };
  if (delivered.provenRevision < delivered.revision) {
    return unknown(delivered.unproven ?? (facts.loadedRevision < delivered.revision ? "not_loaded" : "not_proven"));
  }
  if (delivered.unproven) return unknown(delivered.unproven);
  if (delivered.proofIsOld) return unknown("proof_is_old");
  if (facts.closedByHand && delivered.intended === "closed") {
    return { state: "closed", intended, provedAt: delivered.provedAt, reason: "closed_by_hand" };
  }
  if (!facts.hasRoute) return { state: "closed", intended, provedAt: delivered.provedAt, reason: "no_route" };
  if (!facts.hasEnabledRoute)
    return { state: "closed", intended, provedAt: delivered.provedAt, reason: "routes_disabled" };
  const seen = { intended, provedAt: delivered.provedAt };
  if (delivered.form === "closed") return { ...seen, state: "closed", reason: "quarantined" };
  // A proof is about the compile at that time. If the rows have changed since, the exposure is unknown again.
  if (delivered.intended !== intended) return unknown("pending");
  return { ...seen, state: delivered.intended, ...(delivered.form === "quarantined" ? { reason: "quarantined" } : {}) };
}
