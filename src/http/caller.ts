import { parseApiKey } from "../access/api-keys";
import { recordingRefusals } from "../access/attempt-trace";
import { Authorized } from "../access/authorized";
import type { Runtime } from "../access/runtime";
import { hashOfToken } from "../identity/tokens";
import { authenticate } from "../operations/authenticate";
import type { Call } from "../operations/call";
import { originOf } from "../operations/own-page";
import { requestOrigin, wrongHost } from "../operations/request-origin";
import type { WrongHost } from "../platform/errors/reasons/access";
import { Refusal } from "../platform/errors/refusal";
import { clientAddress } from "../platform/net/client-address";
import type { ActiveRequests, RequestSlot } from "./active-requests";
import { csrfTokenOf, readCookies, sessionHashOf } from "./sign-in/cookies";
import { setSessionCookies } from "./sign-in/session-cookies";

/** Facts about a request that the request itself does not contain. */
export interface SocketPeer {
  /** The address of the peer; null if it is unknown. */
  readonly ip: string | null;
}

/** All callers without a known address count as one caller. */
export const unknownAddress = "unknown";

/** What a request states about its caller, before the lookup. */
export type Caller = Omit<Call, "slot" | "responseHeaders" | "keepSession" | "signal" | "ifMatch"> & {
  /** The cache key for the caller's key or session and the organization that it names; null without a credential. */
  readonly credential: string | null;
};

/**
 * Reads what a request states about its caller.
 * @param namedInQuery the organizations that its query names, for requests to which a page cannot add headers
 */
export async function callerOf(
  runtime: Runtime,
  request: Request,
  peer: SocketPeer,
  requestId: string,
  namedInQuery: readonly string[] = [],
): Promise<Caller> {
  const { headers } = request;
  const arrival = arrivalOf(runtime, headers, peer);
  const apiKey = headers.get("x-api-key");
  const cookie = headers.get("cookie");
  const readsCookie = apiKey === null && cookie !== null && arrival.kind !== "unknown";
  const sessionHash = readsCookie ? await sessionHashOf(runtime, arrival.origin, readCookies(cookie)) : null;
  const organization = namedOrganization(request, namedInQuery);
  const parsedKey = apiKey === null ? null : parseApiKey(apiKey);
  const hash = parsedKey === null ? sessionHash : parsedKey.ok ? parsedKey.hash : "malformed";
  return {
    runtime,
    requestId,
    ip: clientAddress(peer.ip, headers.get("x-forwarded-for"), runtime.signIn.trustedProxies),
    peer: peer.ip,
    headers,
    arrival,
    wrongHost: arrival.kind === "unknown" ? wrongHostOf(runtime, headers) : null,
    apiKey,
    sessionHash,
    csrfToken: headers.get("x-csrf-token"),
    from: headers.get("origin"),
    organization,
    credential: hash === null ? null : `${hash} ${organization ?? ""}`,
  };
}

/** The header that names the organization of a request, by its id or its slug. */
export const organizationHeader = "x-organization";

/** Takes ids and slugs too. It was the only one in version 0.1.0. */
const formerOrganizationHeader = "x-organization-id";

/**
 * Returns the organization that a request names. Two different names are combined to one that no organization has, as
 * HTTP combines a header that is sent twice, so that such a request is refused.
 */
function namedOrganization({ headers }: Request, inQuery: readonly string[]): string | null {
  const names = [headers.get(organizationHeader), headers.get(formerOrganizationHeader), ...inQuery];
  const different = new Set(names.filter((name) => name !== null));
  return different.size === 0 ? null : [...different].join(", ");
}

export function callOf(
  { credential: _, ...caller }: Caller,
  slot: RequestSlot,
  responseHeaders: Headers,
  signal?: AbortSignal,
): Call & { readonly slot: RequestSlot } {
  const { runtime } = caller;
  return {
    ...caller,
    slot,
    responseHeaders,
    signal,
    ifMatch: null,
    async keepSession(session) {
      await setSessionCookies(responseHeaders, { runtime, origin: originOf(caller) }, session);
      return csrfTokenOf(runtime, hashOfToken(session.token));
    },
  };
}

/** Returns whether an error is a refusal of the caller. A limit of this process says nothing about the caller. */
export function isRefusedCaller(error: unknown): error is Refusal {
  return error instanceof Refusal && error.kind !== "unavailable";
}

/**
 * Identifies the caller of a request whose body exceeds the limit for unknown callers.
 * @returns the caller's organization
 * @throws Refusal
 */
export async function recognize(caller: Caller, requests: ActiveRequests, procedure: string): Promise<string> {
  const slot = await requests.enter(caller.ip ?? unknownAddress, caller.credential);
  try {
    const request = await authenticate(callOf(caller, slot, new Headers()), procedure);
    return await recordingRefusals(request.trace, isRefusedCaller, () => Authorized.recognize(request));
  } finally {
    slot.release();
  }
}

/** Headers that proxies add. */
const passedOn = ["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "forwarded", "via"];

function isForwarded(headers: Headers): boolean {
  return passedOn.some((name) => headers.has(name));
}

export function arrivalOf({ signIn: { publicOrigin, localOrigins } }: Runtime, headers: Headers, peer: SocketPeer) {
  return requestOrigin(headers.get("host"), peer.ip, isForwarded(headers), publicOrigin, localOrigins);
}

export function wrongHostOf({ signIn: { publicOrigin } }: Runtime, headers: Headers): WrongHost {
  return wrongHost(headers.get("host"), isForwarded(headers), publicOrigin);
}
