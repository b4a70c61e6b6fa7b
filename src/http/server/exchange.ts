import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logger } from "pino";
import type { Slots } from "#src/platform/fair-share";
import type { RequestTarget } from "#src/platform/net/request-target";

/** A request and its response as Node has them, with the server's state for them. */
export interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly target: RequestTarget;
  /** The address of the caller, for limits; all unknown addresses share one value. */
  readonly address: string;
  /** The connection is above the limit: it gets one response, and is closed. */
  readonly isSurplus: boolean;
  /** The header `Expect` has a value that this server does not know. */
  readonly hasUnknownExpectation: boolean;
  /** Aborts if the connection closes before the response is complete. */
  readonly gone: AbortSignal;
  /** The headers of every response of this server. */
  readonly securityHeaders: readonly (readonly [name: string, value: string])[];
  /** Requests in progress for pages, by address. */
  readonly pages: Slots;
  readonly log: Logger;
  /** Lets the console answer this request, directly to Node's response. The application's response is then not sent. */
  handOver(): void;
}
