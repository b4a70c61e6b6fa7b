import type { TRPC_ERROR_CODE_KEY } from "@trpc/server";
import { isUnreachable } from "../database/database-errors";
import type { Details, Fields, Kind } from "../platform/errors/reason";
import type { Reason } from "../platform/errors/reasons";
import { ReasonedError, Refusal } from "../platform/errors/refusal";
import { describeError } from "./describe-error";
import type { RefusalFormat, RequestContext } from "./environment";
import { BodyAborted, MethodNotAllowed, Unreadable } from "./readable-request";

/** The code of each kind of refusal in tRPC and REST; exhaustive by type. */
const codes: Readonly<Record<Kind, TRPC_ERROR_CODE_KEY>> = {
  unauthenticated: "UNAUTHORIZED",
  forbidden: "FORBIDDEN",
  notFound: "NOT_FOUND",
  conflict: "CONFLICT",
  preconditionFailed: "PRECONDITION_FAILED",
  preconditionRequired: "PRECONDITION_REQUIRED",
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

/** The facts of a refused call, in the format of tRPC. */
export interface ErrorData {
  readonly code: TRPC_ERROR_CODE_KEY;
  readonly httpStatus: number;
  /** Stable and machine-readable: a key of the catalogue. */
  readonly reason: Reason;
  readonly requestId: string;
  /** The affected inputs, by path. */
  readonly fields?: Fields;
  /** The values in the message, for reasons that state them. */
  readonly details?: Details;
}

const bodies: Readonly<Record<RefusalFormat, (message: string, data: ErrorData) => object>> = {
  trpc: (message, data) => ({ error: { message, data } }),
  rest: (message, { httpStatus: _, code, reason, requestId, ...named }) => {
    return { error: { code, reason, message, requestId, ...named } };
  },
};

/** What a response contains only for some reasons. */
export function namedIn({ fields, details }: ReasonedError): Pick<ErrorData, "fields" | "details"> {
  return { ...(fields === undefined ? {} : { fields }), ...(details === undefined ? {} : { details }) };
}

/**
 * Answers an error, for the whole application: the one place that writes a refusal. A defect gets `internal`, and only
 * the log has its details.
 * @throws the error itself if the caller no longer waits for an answer
 */
export function refuse(error: Error, context: RequestContext): Response {
  const { exchange } = context.env;
  const isAnswerable = !(error instanceof BodyAborted) && exchange?.gone.aborted !== true;
  if (!(isAnswerable || error instanceof ReasonedError)) throw error;
  const refused = reasonedError(error);
  if (refused.reason === "internal") logDefect(error, context);
  return refusalResponse(refused, context.get("requestId"), context.get("refusalStyle")?.format);
}

/** Returns the response of a refusal. */
export function refusalResponse(error: ReasonedError, requestId: string, format: RefusalFormat = "trpc"): Response {
  const { status, message, reason } = error;
  const data = { code: codeOf(error), httpStatus: status, reason, requestId, ...namedIn(error) };
  const body = bodies[format](message, data);
  return Response.json(body, { status, headers: refusalHeaders(error) });
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

/** Returns the headers of a refusal. */
export function refusalHeaders(error: ReasonedError): Record<string, string> {
  return {
    ...(error.retryAfter === null ? {} : { "retry-after": String(error.retryAfter) }),
    ...(error instanceof MethodNotAllowed ? { allow: error.allowed.join(", ") } : {}),
  };
}

function logDefect(error: Error, context: RequestContext): void {
  const { parts, exchange } = context.env;
  const log = exchange?.log ?? parts?.runtime.log;
  const requestId = context.get("requestId");
  const task = context.get("refusalStyle")?.task;
  if (task === undefined) log?.error({ requestId, errorName: error.name }, "a request failed");
  else log?.error({ requestId, error: describeError(error) }, `${task} failed`);
}
