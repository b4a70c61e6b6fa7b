import { type TRPC_ERROR_CODE_KEY, TRPCError } from "@trpc/server";
import type { DefaultErrorShape } from "@trpc/server/unstable-core-do-not-import";
import { isUnreachable } from "../database/database-errors";
import type { Fields, Kind } from "../platform/errors/reason";
import type { Reason } from "../platform/errors/reasons";
import { ReasonedError, Refusal } from "../platform/errors/refusal";
import { MethodNotAllowed, Unreadable } from "./readable-request";
import { isRestTarget } from "./rest/rest-base";

/** The code that tRPC and REST name each kind of refusal by; exhaustive by type. */
const codes: Readonly<Record<Kind, TRPC_ERROR_CODE_KEY>> = {
  unauthenticated: "UNAUTHORIZED",
  forbidden: "FORBIDDEN",
  notFound: "NOT_FOUND",
  conflict: "CONFLICT",
  invalid: "BAD_REQUEST",
  tooMany: "TOO_MANY_REQUESTS",
  unavailable: "SERVICE_UNAVAILABLE",
  malformed: "BAD_REQUEST",
  unknownPath: "NOT_FOUND",
  otherMethod: "METHOD_NOT_SUPPORTED",
  tooSlow: "TIMEOUT",
  tooLarge: "PAYLOAD_TOO_LARGE",
  tooLong: "BAD_REQUEST",
  otherMediaType: "UNSUPPORTED_MEDIA_TYPE",
  expectationFailed: "BAD_REQUEST",
  internal: "INTERNAL_SERVER_ERROR",
};

/** What tRPC refuses by itself; every other error of its own is a defect of this product. */
const ofTrpc: Partial<Record<TRPC_ERROR_CODE_KEY, () => ReasonedError>> = {
  NOT_FOUND: () => new Unreadable("unknown_procedure"),
  PARSE_ERROR: () => new Unreadable("malformed_body"),
  BAD_REQUEST: () => new Unreadable("malformed_request", { problem: "a request holds one call" }),
  METHOD_NOT_SUPPORTED: () => new MethodNotAllowed(["POST"]),
  UNSUPPORTED_MEDIA_TYPE: () => new Unreadable("unsupported_media_type"),
};

/** The body of a refused call. */
export interface ErrorData {
  readonly code: TRPC_ERROR_CODE_KEY;
  readonly httpStatus: number;
  /** Stable and machine-readable: a key of the catalogue. */
  readonly reason: Reason;
  readonly requestId: string;
  /** Which inputs are concerned, by path. */
  readonly fields?: Fields;
}

/** What the caller is told of an error: what was refused, or that there is a defect here, which the log has. */
export function reasonedError(error: unknown): ReasonedError {
  if (error instanceof ReasonedError) return error;
  return isUnreachable(error) ? new Refusal("database_unavailable") : new Unreadable("internal");
}

/** The code of a refusal, for tRPC and REST. */
export function codeOf({ kind }: ReasonedError): TRPC_ERROR_CODE_KEY {
  return codes[kind];
}

/** Turns what a procedure threw into the error whose code decides the status; its cause stays for `formatError`. */
export function asTrpcError(error: TRPCError): TRPCError {
  const { cause } = error;
  if (!(cause instanceof ReasonedError || isUnreachable(cause))) return error;
  const refused = reasonedError(cause);
  return new TRPCError({ code: codeOf(refused), message: refused.message, cause: refused });
}

/** What the caller sees of an error: never SQL, bound parameters or a stack. */
export function formatError(
  shape: DefaultErrorShape,
  error: TRPCError,
  requestId: string,
): { code: DefaultErrorShape["code"]; message: string; data: ErrorData } {
  const { message, reason, fields } = refusalIn(error);
  const { code } = error;
  const data = { code, httpStatus: shape.data.httpStatus, reason, requestId, ...(fields ? { fields } : {}) };
  return { code: shape.code, message, data };
}

function refusalIn({ code, cause }: TRPCError): ReasonedError {
  if (cause instanceof ReasonedError) return cause;
  // tRPC reports JSON that it cannot parse as any other bad request.
  const own = code === "BAD_REQUEST" && cause instanceof SyntaxError ? ofTrpc.PARSE_ERROR : ofTrpc[code];
  return own?.() ?? new Unreadable("internal");
}

/**
 * The response to a request that is refused outside a procedure.
 * @param target the path of the request, which decides the form of the body; that of tRPC without one
 */
export function errorResponse(error: ReasonedError, requestId: string, target = ""): Response {
  return Response.json(errorBody(error, requestId, target), { status: error.status, headers: errorHeaders(error) });
}

/** The body of a refusal: `{"error": {code, reason, …}}` for REST, and the form of tRPC for everything else. */
export function errorBody(error: ReasonedError, requestId: string, target: string) {
  const { status: httpStatus, message, reason, fields } = error;
  const code = codeOf(error);
  const named = fields === undefined ? {} : { fields };
  if (isRestTarget(target)) return { error: { code, reason, message, requestId, ...named } };
  const data: ErrorData = { code, httpStatus, reason, requestId, ...named };
  return { error: { message, data } };
}

/** Headers of a refusal. */
export function errorHeaders(error: ReasonedError): Record<string, string> {
  return {
    ...(error.retryAfter === null ? {} : { "retry-after": String(error.retryAfter) }),
    ...(error instanceof MethodNotAllowed ? { allow: error.allowed.join(", ") } : {}),
  };
}
