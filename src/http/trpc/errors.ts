import { type TRPC_ERROR_CODE_KEY, TRPCError } from "@trpc/server";
import type { DefaultErrorShape } from "@trpc/server/unstable-core-do-not-import";
import { isUnreachable } from "#src/database/database-errors";
import { ReasonedError } from "#src/platform/errors/refusal";
import { MethodNotAllowed, Unreadable } from "../readable-request";
import { codeOf, type ErrorData, namedIn, reasonedError } from "../refusal";

/** The errors with which tRPC itself refuses a request; any other error of tRPC is a defect in this product. */
const trpcRefusals: Partial<Record<TRPC_ERROR_CODE_KEY, () => ReasonedError>> = {
  NOT_FOUND: () => new Unreadable("unknown_procedure"),
  PARSE_ERROR: () => new Unreadable("malformed_body"),
  BAD_REQUEST: () => new Unreadable("malformed_request", { problem: "a request holds one call" }),
  METHOD_NOT_SUPPORTED: () => new MethodNotAllowed(["POST"]),
  UNSUPPORTED_MEDIA_TYPE: () => new Unreadable("unsupported_media_type"),
};

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
  const refused = refusalIn(error);
  const { message, reason } = refused;
  const { code } = error;
  const data = { code, httpStatus: shape.data.httpStatus, reason, requestId, ...namedIn(refused) };
  return { code: shape.code, message, data };
}

function refusalIn({ code, cause }: TRPCError): ReasonedError {
  if (cause instanceof ReasonedError) return cause;
  // tRPC reports JSON that it cannot parse as any other bad request.
  const own = code === "BAD_REQUEST" && cause instanceof SyntaxError ? trpcRefusals.PARSE_ERROR : trpcRefusals[code];
  return own?.() ?? new Unreadable("internal");
}
