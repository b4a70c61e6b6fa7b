import { parseApiKey } from "../access/api-keys";
import { AttemptTrace } from "../access/attempt-trace";
import type { Organization } from "../access/organization";
import { type Principal, personOf } from "../access/principal";
import type { RequestContext } from "../access/request-context";
import { followTrustedHeader } from "../identity/external/follow-trusted-header";
import { Refusal } from "../platform/errors/refusal";
import { isoText } from "../platform/moment";
import type { Call } from "./call";

/** A rotated key gets its expiry time in every response. */
const expiryHeaderSetter =
  ({ responseHeaders }: Call) =>
  (principal: Principal): void => {
    if (principal.kind !== "apiKey" || principal.overlapEndsAt === null) return;
    responseHeaders.set("x-api-key-expires-at", isoText(principal.overlapEndsAt));
  };

/**
 * Uses the API key if one is sent, and then ignores the cookie. Otherwise uses the session of the cookie.
 * @throws Refusal `no_credentials` | `key_unknown`, both without a query
 */
export async function authenticate(call: Call, action: string): Promise<RequestContext> {
  const { runtime, requestId, ip, organization: named } = call;
  const setExpiryHeader = expiryHeaderSetter(call);
  const onIdentified: NonNullable<RequestContext["onIdentified"]> = (principal, organization) => {
    setExpiryHeader(principal);
    call.slot.assign(ownerOf(call, principal, organization));
  };
  const trace = new AttemptTrace({ runtime, requestId, ip, action });
  const local = call.arrival.kind === "local";
  const request = { runtime, requestId, ip, local, action, trace, onIdentified, expectedVersions: null };
  if (call.apiKey !== null) {
    const parsed = parseApiKey(call.apiKey);
    if (!parsed.ok) {
      const refusal = new Refusal("key_unknown");
      await trace.refused(refusal, "key_malformed");
      throw refusal;
    }
    return { ...request, presents: { kind: "apiKey", hash: parsed.hash, organization: named } };
  }
  if (call.sessionHash !== null) {
    await followTrustedHeader({ ...call, local, sessionHash: call.sessionHash });
    return { ...request, presents: { kind: "session", hash: call.sessionHash, organization: named } };
  }
  throw new Refusal("no_credentials", { wrongHost: call.wrongHost });
}

/**
 * The owner of the share of this process that a request counts against. Each person without an organization has a
 * share.
 */
function ownerOf(
  { runtime }: Call,
  principal: Principal,
  { organizationId }: Pick<Organization, "organizationId">,
): string {
  return organizationId === runtime.installationId ? (personOf(principal) ?? organizationId) : organizationId;
}
