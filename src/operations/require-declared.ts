import type { Runtime } from "../access/runtime";
import type { Reason, RefusalReason } from "../platform/errors/reasons";
import { Refusal } from "../platform/errors/refusal";

/**
 * Reasons that every operation can have: about the caller, the object, the form of the input, and the current limits of
 * the process or the database.
 */
export const commonReasons: ReadonlySet<RefusalReason> = new Set<RefusalReason>([
  "no_credentials",
  "key_unknown",
  "key_revoked",
  "key_expired",
  "key_holder_left",
  "key_ip_refused",
  "key_rate_limited",
  "key_scope",
  "session_ended",
  "session_required",
  "bound_session",
  "second_factor_required",
  "second_factor_enrolment_required",
  "password_change_required",
  "unknown_origin",
  "foreign_origin",
  "csrf_token",
  "no_organization",
  "organization_changed",
  "forbidden",
  "not_found",
  "invalid_input",
  "rate_limited",
  "busy",
  "changed_meanwhile",
  "overloaded",
  "database_unavailable",
]);

/**
 * If an operation refuses for a reason that it does not declare, fails in tests and logs in production. Clients rely on
 * the declared reasons.
 * @throws Error in tests
 */
export function requireDeclared(
  { isStrict, log }: Pick<Runtime, "isStrict" | "log">,
  operation: string,
  declared: readonly Reason[],
  error: unknown,
): void {
  if (!(error instanceof Refusal)) return;
  const { reason } = error;
  if (declared.includes(reason) || commonReasons.has(reason)) return;
  if (isStrict) throw new Error(`${operation} does not declare the reason ${reason}`, { cause: error });
  log.error({ operation, reason }, "an operation refused for a reason that it does not declare");
}
