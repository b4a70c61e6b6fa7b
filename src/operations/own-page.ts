import { Authorized } from "../access/authorized";
import type { RequestContext } from "../access/request-context";
import { Refusal } from "../platform/errors/refusal";
import type { Call } from "./call";
import { isSameOrigin } from "./request-origin";

/**
 * A browser also sends the cookie with requests of foreign pages. A change therefore needs the token that only the
 * control plane's pages can read, and has to come from one of them.
 * @throws Refusal `foreign_origin` | `csrf_token`
 */
export async function requireOwnPage(call: Call, request: RequestContext, sessionHash: string): Promise<void> {
  const refusal = notOwnPage(call, sessionHash);
  if (refusal === null) return;
  await Authorized.attribute(request);
  throw refusal;
}

function notOwnPage(call: Call, sessionHash: string): Refusal | null {
  const { runtime, arrival, from, csrfToken } = call;
  if (arrival.kind === "unknown" || !isSameOrigin(from, arrival.origin)) {
    return new Refusal("foreign_origin", { origin: originOf(call) });
  }
  const isToken = csrfToken !== null && runtime.signer.verify("csrf", sessionHash, csrfToken);
  return isToken ? null : new Refusal("csrf_token");
}

/**
 * The origin that a change by a session was sent to. `requireOwnPage` has checked that it is an origin of the control
 * plane.
 */
export function originOf({ arrival, runtime }: Pick<Call, "arrival" | "runtime">): string {
  return arrival.kind === "unknown" ? runtime.signIn.publicOrigin : arrival.origin;
}
