import type { Runtime } from "../../access/runtime";
import type { RequestSlot } from "../active-requests";
import type { ArrivalOrigin } from "../request-origin";

/** One HTTP request, before anybody knows who asks. */
export interface Context {
  readonly runtime: Runtime;
  readonly requestId: string;
  /** The caller's address, canonical. */
  readonly ip: string | null;
  /** The socket's own address: the proxy's, where there is one. */
  readonly peer: string | null;
  /** Of the request. */
  readonly headers: Headers;
  /** Where it was sent to. */
  readonly arrival: ArrivalOrigin;
  /** Where it did not arrive at an address of ours: what to tell a person about it. */
  readonly wrongHost: string | null;
  /** The `x-api-key` header as it came; null without one. */
  readonly apiKey: string | null;
  /** Of the cookie, where there is one of ours; looked at only without an API key. */
  readonly sessionHash: string | null;
  /** `x-csrf-token`, which a change by a session needs. */
  readonly csrfToken: string | null;
  /** `Origin`, which a browser sends with every change. */
  readonly from: string | null;
  /** `x-organization-id`: which organization the request is about. */
  readonly organizationId: string | null;
  /** Its place among the requests that are worked on. */
  readonly slot: RequestSlot;
  /** Of the answer. */
  readonly answerHeaders: Headers;
}
