import type { Context, MiddlewareHandler } from "hono";
import type { Runtime } from "../access/runtime";
import type { RequestOrigin } from "../operations/request-origin";
import type { ActiveRequests, RequestSlot } from "./active-requests";
import type { Caller, SocketPeer } from "./caller";
import type { Exchange } from "./server/exchange";

/** What the application needs to answer more than `/healthz`. */
export interface Parts {
  readonly runtime: Runtime;
  readonly requests: ActiveRequests;
  readonly isReady: () => Promise<Response>;
}

/** The format of a refusal's body. The mount that a path belongs to determines it. */
export type RefusalFormat = "trpc" | "rest";

/** How the refusals of a mount look, and what the log says about its defects. */
export interface RefusalStyle {
  /** The format of refusals; that of tRPC by default. */
  readonly format?: RefusalFormat;
  /** What fails, for the log: `an operation`. Without it, the log has only the name of the error. */
  readonly task?: string;
}

/** What the application knows about one request. */
export interface Environment {
  Bindings: {
    /** Null while the process starts. */
    readonly parts: Parts | null;
    readonly peer: SocketPeer;
    /** The request as Node has it; null if the application is called without a server. */
    readonly exchange: Exchange | null;
  };
  Variables: {
    requestId: string;
    refusalStyle: RefusalStyle | undefined;
    /** The level of the line in the access log; `info` by default. */
    logLevel: "info" | "debug" | undefined;
    /** The console answers the request, directly to Node's response. */
    isPage: boolean | undefined;
    parts: Parts;
    /** The owner of the limits of this request: its address and, if it presents one, its credential. */
    countedAs: { readonly address: string; readonly credential: string | null };
    caller: Caller;
    /** The caller's address, canonical; without a stated caller. */
    ip: string | null;
    /** The address of the control plane that the request was sent to; without a stated caller. */
    arrival: Exclude<RequestOrigin, { kind: "unknown" }>;
    /** Headers that a call sets. */
    responseHeaders: Headers;
    /** The request with its body, decoded. */
    readable: Request;
    /** The fields of the form of a sign-in. */
    signInFields: Readonly<Record<string, string>>;
    slot: RequestSlot;
  };
}

export type RequestContext = Context<Environment>;

/** A rule that requests have to meet, or that shapes their responses. */
export type Rule = MiddlewareHandler<Environment>;
