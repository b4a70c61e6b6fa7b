import type { Runtime } from "../access/runtime";

/** One attempt to sign in, before the person is identified. */
export interface SignInContext {
  readonly runtime: Runtime;
  readonly requestId: string;
  /** The caller's address, canonical. */
  readonly ip: string | null;
  /** The address of the socket: the proxy's address, if there is a proxy. */
  readonly peer: string | null;
  /** Whether the request was sent to a loopback address of the host. */
  readonly local: boolean;
  /** The origin that the request was sent to. */
  readonly origin: string;
  readonly userAgent: string | null;
  /**
   * Hash of the token of the browser's existing session, if any: for example of a session that still waits for a second
   * factor.
   */
  readonly sessionHash: string | null;
  /** The request's headers. */
  readonly headers: Headers;
  /** Whether the audit log has its refusal; `record-sign-in.ts` sets it. */
  readonly record: { isWritten: boolean };
}
