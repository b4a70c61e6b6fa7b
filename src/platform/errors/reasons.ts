import type { RefusalKind } from "./reason";
import { accessReasons } from "./reasons/access";
import { capacityReasons } from "./reasons/capacity";
import { inputReasons } from "./reasons/input";
import { stateReasons } from "./reasons/state";
import { transportReasons } from "./reasons/transport";

/**
 * Every reason for which the product refuses something: its status, its sentence, and its fields. Each reason has one
 * sentence, and only the files in `reasons/` write a reason or its sentence.
 *
 * A sentence says what is wrong, with the value; why; and what to do. It may hold what the caller sent or may see. It
 * never holds a secret, a password, a hash, SQL, or text of another tenant. Log lines hold the reason alone.
 */
export const reasons = {
  ...accessReasons,
  ...stateReasons,
  ...inputReasons,
  ...capacityReasons,
  ...transportReasons,
};

/** Every reason. Stable: clients rely on it. */
export type Reason = keyof typeof reasons;

/** A reason with which operations, sign-in and commands of the host refuse. */
export type RefusalReason = ReasonOf<RefusalKind>;

/** A reason with which the transport refuses, whatever the request is for. */
export type TransportReason = Exclude<Reason, RefusalReason>;

type ReasonOf<K> = { [R in Reason]: (typeof reasons)[R]["kind"] extends K ? R : never }[Reason];

/** The parameters of a reason's sentence; undefined if it has none. */
export type ParamsOf<R extends Reason> = (typeof reasons)[R]["example"];
