import type { Runtime } from "../access/runtime";

/** One try to sign in, before anybody knows who it is. */
export interface Attempt {
  readonly runtime: Runtime;
  readonly requestId: string;
  /** The caller's address, canonical. */
  readonly ip: string | null;
  /** The socket's own address: the proxy's, where there is one. */
  readonly peer: string | null;
  /** Whether it came to a loopback address of the host. */
  readonly local: boolean;
  /** The origin that it came to. */
  readonly origin: string;
  readonly userAgent: string | null;
  /** Hash of the session that the browser has already, if any: of one that still waits for a second factor, say. */
  readonly sessionHash: string | null;
  /** The request's headers. */
  readonly headers: Headers;
  /** Whether the audit log has its refusal; `record-sign-in.ts` sets it. */
  readonly record: { isWritten: boolean };
}
