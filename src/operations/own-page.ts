import { Authorized } from "../access/authorized";
import type { Request } from "../access/runtime";
import { Forbidden } from "../platform/errors";
import type { Call } from "./call";
import { isSameOrigin } from "./request-origin";

/**
 * A browser sends the cookie whoever made the page: a change needs the token that only our own pages can read, and to
 * come from one of them.
 * @throws Forbidden `foreign_origin` | `csrf_token`
 */
export async function requireOwnPage(call: Call, request: Request, sessionHash: string): Promise<void> {
  const refusal = notOwnPage(call, sessionHash);
  if (refusal === null) return;
  await Authorized.attribute(request);
  throw refusal;
}

function notOwnPage({ runtime, arrival, from, csrfToken }: Call, sessionHash: string): Forbidden | null {
  if (arrival.kind === "unknown" || !isSameOrigin(from, arrival.origin)) {
    return new Forbidden("foreign_origin", "A change by a session has to come from a page of this origin.");
  }
  if (csrfToken === null || !runtime.signer.verify("csrf", sessionHash, csrfToken)) {
    return new Forbidden("csrf_token", "Send the session's token in the header x-csrf-token.");
  }
  return null;
}

/** The origin that a change by a session was sent to: `requireOwnPage` has seen that it is one of the control plane's. */
export function originOf({ arrival, runtime }: Pick<Call, "arrival" | "runtime">): string {
  return arrival.kind === "unknown" ? runtime.signIn.publicOrigin : arrival.origin;
}
