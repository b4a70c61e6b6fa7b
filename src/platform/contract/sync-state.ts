import { z } from "zod";
import { Moment } from "./fields";

/** The progress of a change. `unchanged`: no gateway is affected. */
export const SyncState = z.enum(["unchanged", "pending", "applied", "loaded", "enforced"]);
export type SyncState = z.infer<typeof SyncState>;

/** The delivery state in a response; `changeId` can be passed to `sync.wait`. */
export const Sync = z.object({ changeId: z.string().nullable(), state: SyncState });

/** Why the newest delivery of an application is not proven, as the prober or the leader found it. */
export const UnprovenReason = z.enum([
  // The answer of the gateway to a probe.
  "passed",
  "status",
  "let_in_by_other_compile",
  "let_in_by_foreign_router",
  "let_in_once",
  "stopped",
  "other_compile",
  "not_our_router",
  "not_our_pass",
  "rate_limited",
  // The answer at the place of a removed route.
  "still_there",
  "not_denied",
  "not_judged",
  // There is no answer to judge.
  "gateway_does_not_answer",
  "gateway_does_not_load",
  "not_provable_from_here",
  "tags_are_off",
  // Earlier proofs no longer count.
  "gateway_went_back",
  "new_epoch",
  // A word that this version does not know, stored by another version.
  "unrecognized",
]);
export type UnprovenReason = z.infer<typeof UnprovenReason>;

/** Why the exposure of an application is `unknown`, or differs from what its rows intend. */
export const ExposureReason = z.enum([
  ...UnprovenReason.options,
  "pending",
  "delivery_fails",
  "not_delivered",
  "not_loaded",
  "not_proven",
  "proof_is_old",
  "no_route",
  "routes_disabled",
  "closed_by_hand",
  "quarantined",
]);
export type ExposureReason = z.infer<typeof ExposureReason>;

/**
 * The answers with which a visitor without a credential was let in where the gateway should refuse, or with which a
 * removed name still answers. Two of them, a second apart, are an alarm. The worst comes first.
 */
export const alarmReasons = [
  "passed",
  "status",
  "let_in_by_other_compile",
  "let_in_by_foreign_router",
  "still_there",
] as const satisfies readonly UnprovenReason[];
export type AlarmReason = (typeof alarmReasons)[number];

/**
 * What answered the visitor. `own_router`: the router of the application; closing the application closes it.
 * `other_router`: a router of Portcullis that is not in the present configuration of the application. `foreign`:
 * something that is not part of Portcullis, so Portcullis cannot close it.
 */
export const AnsweredBy = z.enum(["own_router", "other_router", "foreign"]);
export type AnsweredBy = z.infer<typeof AnsweredBy>;

const answering: Readonly<Record<AlarmReason, AnsweredBy>> = {
  passed: "own_router",
  status: "own_router",
  let_in_by_other_compile: "other_router",
  let_in_by_foreign_router: "foreign",
  still_there: "other_router",
};

/** Whether an answer with this reason let a visitor in. */
export function isAlarm(reason: ExposureReason | null): reason is AlarmReason {
  return reason !== null && reason in answering;
}

/** What answered, by the reason of an alarm; null for a word that this version does not know. */
export function answeredBy(reason: ExposureReason): AnsweredBy | null {
  return isAlarm(reason) ? answering[reason] : null;
}

/**
 * What an anonymous visitor gets from an application now. `exposed`: the visitor was let in where the gateway should
 * refuse, and was not seen refused since. A state without a proof is `unknown`.
 */
export const ExposureState = z.enum(["public", "protected", "closed", "exposed", "unknown"]);
export type ExposureState = z.infer<typeof ExposureState>;

/** How a visitor was last let in. */
export const Alarm = z.object({
  /** When the visitor was seen let in for the second time. */
  since: Moment,
  answeredBy: AnsweredBy.nullable(),
  /** The last request that was answered, as `HEAD wiki.example.org/`, with the status of the answer and its time. */
  request: z.string(),
  status: z.number().int().nullable(),
  /** What the answer calls its server; null if it does not say it. */
  server: z.string().nullable(),
  at: Moment,
});
export type Alarm = z.infer<typeof Alarm>;

export const Exposure = z.object({
  state: ExposureState,
  intended: z.enum(["public", "protected", "closed"]),
  provedAt: Moment.nullable(),
  reason: ExposureReason.optional(),
  /** Only while the state is `exposed`. */
  alarm: Alarm.optional(),
});
export type Exposure = z.infer<typeof Exposure>;

/** Why a gateway's folder is not the one that the database means. */
export const wrongFolderReasons = [
  "folder_replaced",
  "claim_missing",
  "claim_unreadable",
  "claim_of_another",
  "another_folder",
  "claimed_elsewhere",
  "gateway_gone",
  "not_set_up",
] as const;

/** Why deliveries to a gateway fail, or why no process can lead it. */
export const DeliveryCause = z.enum([
  "disk_full",
  "quota_used_up",
  "read_only",
  "not_permitted",
  "not_ours",
  "folder_gone",
  "no_folder",
  "link_loop",
  "disk_broken",
  "disks_differ",
  ...wrongFolderReasons,
  "too_many_files",
  "database_silent",
  "other",
  "cannot_lead",
  // A cause that this version does not know, stored by another version.
  "unrecognized",
]);
export type DeliveryCause = z.infer<typeof DeliveryCause>;

/**
 * What a gateway does with its folder, as its leader last observed it. `serving`: it serves the newest delivery.
 * `not_running`: nothing answers where it should say which delivery it serves. `cannot_read`: it answers, and has loaded
 * none of the files of its folder. `does_not_watch`: it has loaded files, and not the newest ones.
 */
export const GatewayCondition = z.enum(["serving", "not_running", "cannot_read", "does_not_watch"]);
export type GatewayCondition = z.infer<typeof GatewayCondition>;

/** A word of the database. A word that this version does not know is `unrecognized`. */
export const StoredUnprovenReason = UnprovenReason.catch("unrecognized");
export const StoredDeliveryCause = DeliveryCause.catch("unrecognized");
