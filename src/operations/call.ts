import type { Runtime } from "../access/runtime";
import type { RenewedToken } from "../identity/renew-token";
import type { WrongHost } from "../platform/errors/reasons/access";
import type { RequestOrigin } from "./request-origin";

/** One call of an operation over any transport, before anything is known about the caller. */
export interface Call {
  readonly runtime: Runtime;
  readonly requestId: string;
  /** The caller's address, canonical. */
  readonly ip: string | null;
  /** The address of the socket itself: the proxy's address, if there is a proxy. */
  readonly peer: string | null;
  /** Of the request. */
  readonly headers: Headers;
  /** The address of the control plane that the request was sent to. */
  readonly arrival: RequestOrigin;
  /** The message for a person whose request's `Host` is not an address of the control plane; null if it is one. */
  readonly wrongHost: WrongHost | null;
  /** The `x-api-key` header as received; null without one. */
  readonly apiKey: string | null;
  /** Hash of the session token in the cookie; read only without an API key. */
  readonly sessionHash: string | null;
  /** `x-csrf-token`, which a change by a session needs. */
  readonly csrfToken: string | null;
  /** `Origin`, which a browser sends with every change. */
  readonly from: string | null;
  /** `If-Match`; null without it, and over tRPC, where the input has `ifVersion`. */
  readonly ifMatch: string | null;
  /** The id or the slug of the organization that the request names; null if it names none. */
  readonly organization: string | null;
  /** The call's slot among the active requests. */
  readonly slot: CallSlot;
  /** Headers of the response. */
  readonly responseHeaders: Headers;
  /**
   * Sends the browser the cookies of a session that continues under a new token.
   * @returns the token that changes by this session need from now on (`x-csrf-token`)
   */
  keepSession(session: RenewedToken): Promise<string>;
  /** Aborts when the caller no longer waits for the response. */
  readonly signal: AbortSignal | undefined;
}

/** A call's slot among the active requests. */
export interface CallSlot {
  /** Counts the call against this organization from now on. @throws Refusal `overloaded` */
  assign(owner: string): void;
  /** Frees the slot: the call is answered, or only waits from now on. */
  release(): void;
}
