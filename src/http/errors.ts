import { type TRPC_ERROR_CODE_KEY, TRPCError } from "@trpc/server";
import { getHTTPStatusCodeFromError } from "@trpc/server/http";
import type { DefaultErrorShape } from "@trpc/server/unstable-core-do-not-import";
import { isUnreachable } from "../database/database-errors";
import { Refusal, type RefusalKind, retryAfterOf, Unavailable } from "../platform/errors";
import { Unreadable } from "./readable-request";

/** The one map from what a verb refuses to what HTTP says; exhaustive by type. */
const codes: Readonly<Record<RefusalKind, TRPC_ERROR_CODE_KEY>> = {
  unauthenticated: "UNAUTHORIZED",
  forbidden: "FORBIDDEN",
  notFound: "NOT_FOUND",
  conflict: "CONFLICT",
  invalid: "BAD_REQUEST",
  tooMany: "TOO_MANY_REQUESTS",
  unavailable: "SERVICE_UNAVAILABLE",
};

/** What tRPC itself refuses, in words for a person; everything else is ours to look at. */
const own: Partial<Record<TRPC_ERROR_CODE_KEY, { reason: string; message: string }>> = {
  NOT_FOUND: { reason: "unknown_procedure", message: "There is no such procedure." },
  PARSE_ERROR: { reason: "malformed_body", message: "The input is not valid JSON." },
  BAD_REQUEST: { reason: "malformed_request", message: "The request cannot be read." },
  METHOD_NOT_SUPPORTED: {
    reason: "method_not_supported",
    message: "This procedure is called by POST; queries also by GET.",
  },
  UNSUPPORTED_MEDIA_TYPE: { reason: "unsupported_media_type", message: "Send the body as application/json." },
  PAYLOAD_TOO_LARGE: { reason: "body_too_large", message: "A body may have 1 MiB at most." },
};

const internal = {
  reason: "internal",
  message: "Something went wrong here. The log has it under this requestId.",
};

/** The body of a refused call. */
export interface ErrorData {
  readonly code: TRPC_ERROR_CODE_KEY;
  readonly httpStatus: number;
  /** Stable and machine-readable. */
  readonly reason: string;
  readonly requestId: string;
  /** Which inputs are concerned, by path. */
  readonly fields?: Readonly<Record<string, string>>;
}

/** Turns whatever a procedure threw into the error whose code decides the status; its cause stays for `formatError`. */
export function asTrpcError(error: TRPCError): TRPCError {
  const { cause } = error;
  if (cause instanceof Refusal) return new TRPCError({ code: codes[cause.kind], message: cause.message, cause });
  if (isUnreachable(cause)) {
    const unavailable = new Unavailable("database_unavailable", "The database does not answer. Try again in a moment.");
    return new TRPCError({ code: codes.unavailable, message: unavailable.message, cause: unavailable });
  }
  return error;
}

/** What the caller sees of an error: never SQL, bound parameters or a stack. */
export function formatError(
  shape: DefaultErrorShape,
  error: TRPCError,
  requestId: string,
): { code: DefaultErrorShape["code"]; message: string; data: ErrorData } {
  const base = { code: error.code, httpStatus: shape.data.httpStatus, requestId };
  const { cause } = error;
  if (cause instanceof Refusal) {
    const { reason, message, fields } = cause;
    return { code: shape.code, message, data: { ...base, reason, ...(fields ? { fields } : {}) } };
  }
  // tRPC reports JSON that it cannot parse as any other bad request.
  const isUnparsed = error.code === "BAD_REQUEST" && cause instanceof SyntaxError;
  const { reason, message } = (isUnparsed ? own.PARSE_ERROR : own[error.code]) ?? internal;
  return { code: shape.code, message, data: { ...base, reason } };
}

/** The same body, where there is no procedure to refuse it. */
export function refusalResponse(refusal: Refusal, requestId: string): Response {
  const code = codes[refusal.kind];
  const httpStatus = getHTTPStatusCodeFromError(new TRPCError({ code }));
  const { message, reason, fields } = refusal;
  const data: ErrorData = { code, httpStatus, reason, requestId, ...(fields ? { fields } : {}) };
  const retryAfter = retryAfterOf(refusal);
  const headers: HeadersInit = retryAfter === null ? {} : { "retry-after": String(retryAfter) };
  return Response.json({ error: { message, data } }, { status: httpStatus, headers });
}

/** What a caller is answered instead of an output, whatever transport they use. */
export interface ErrorAnswer {
  readonly status: number;
  readonly code: TRPC_ERROR_CODE_KEY;
  readonly reason: string;
  readonly message: string;
  readonly fields?: Readonly<Record<string, string>> | undefined;
  /** In seconds, for `Retry-After`. */
  readonly retryAfter: number | null;
}

/** @returns null for an error that is a defect of ours: its caller is answered 500, and the log has it */
export function errorAnswerOf(error: unknown): ErrorAnswer | null {
  if (error instanceof Unreadable) {
    const { status, code, reason, message } = error;
    return { status, code, reason, message, retryAfter: null };
  }
  if (isUnreachable(error)) {
    return errorAnswerOf(
      new Unavailable("database_unavailable", "The database does not answer. Try again in a moment."),
    );
  }
  if (!(error instanceof Refusal)) return null;
  const code = codes[error.kind];
  const status = getHTTPStatusCodeFromError(new TRPCError({ code }));
  const { reason, message, fields } = error;
  return { status, code, reason, message, fields, retryAfter: retryAfterOf(error) };
}

/** The answer to a defect of ours. */
export const internalAnswer: ErrorAnswer = {
  status: 500,
  code: "INTERNAL_SERVER_ERROR",
  ...internal,
  retryAfter: null,
};
