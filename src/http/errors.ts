import { type TRPC_ERROR_CODE_KEY, TRPCError } from "@trpc/server";
import type { DefaultErrorShape } from "@trpc/server/unstable-core-do-not-import";
import { isUnreachable } from "../database/database-errors";
import type { Fields, Kind } from "../platform/errors/reason";
import type { Reason } from "../platform/errors/reasons";
import { ReasonedError, Refusal } from "../platform/errors/refusal";
import { MethodNotAllowed, Unreadable } from "./readable-request";
import { isRestTarget } from "./rest/rest-base";

/** The code of each kind of refusal in tRPC and REST; exhaustive by type. */
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

/** The errors with which tRPC itself refuses a request; any other error of tRPC is a defect in this product. */
const trpcRefusals: Partial<Record<TRPC_ERROR_CODE_KEY, () => ReasonedError>> = {
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
  /** The affected inputs, by path. */
  readonly fields?: Fields;
}

/** Returns the error that the caller sees: the refusal, or `internal` for a defect, whose details only the log has. */
export function reasonedError(error: unknown): ReasonedError {
  if (error instanceof ReasonedError) return error;
  return isUnreachable(error) ? new Refusal("database_unavailable") : new Unreadable("internal");
}

/** Returns the code of a refusal for tRPC and REST. */
export function codeOf({ kind }: ReasonedError): TRPC_ERROR_CODE_KEY {
  return codes[kind];
}

/** Maps an error of a procedure to the error whose code decides the status; `formatError` reads its cause. */
export function asTrpcError(error: TRPCError): TRPCError {
  const { cause } = error;
  if (!(cause instanceof ReasonedError || isUnreachable(cause))) return error;
  const refused = reasonedError(cause);
  return new TRPCError({ code: codeOf(refused), message: refused.message, cause: refused });
}

/** Formats an error for the caller: never with SQL, bound parameters or a stack. */
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
  const own = code === "BAD_REQUEST" && cause instanceof SyntaxError ? trpcRefusals.PARSE_ERROR : trpcRefusals[code];
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

/** Returns the headers of a refusal. */
export function errorHeaders(error: ReasonedError): Record<string, string> {
  return {
    ...(error.retryAfter === null ? {} : { "retry-after": String(error.retryAfter) }),
    ...(error instanceof MethodNotAllowed ? { allow: error.allowed.join(", ") } : {}),
  };
}
