import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import type { ApiHandler, RequestInfo } from "../contracts/handler-registration";
import { newId } from "../core/ids";
import type { Runtime } from "../persistence/runtime";
import { describeError } from "./describe-error";
import { healthz, type ReadinessCheck, readyz } from "./health";
import { readableRequest, Unreadable } from "./readable-request";
import { router } from "./trpc/router";

/** One HTTP request in, one answer out; the same for Next's route and for the server in front of it. */
export type Handler = ApiHandler;

const endpoint = "/api/trpc";

/**
 * The whole API, and the two questions of whoever runs the process. Every answer carries `x-request-id`.
 * @param checks what `/readyz` asks beside the database
 */
export function createHandler(runtime: Runtime, checks: Readonly<Record<string, ReadinessCheck>> = {}): Handler {
  return async (request, peer) => {
    const requestId = newId("request");
    const response = await answer(runtime, checks, request, peer, requestId);
    response.headers.set("x-request-id", requestId);
    return response;
  };
}

async function answer(
  runtime: Runtime,
  checks: Readonly<Record<string, ReadinessCheck>>,
  request: Request,
  peer: RequestInfo,
  requestId: string,
): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === "/healthz") return healthz();
  if (pathname === "/readyz") return readyz(runtime, checks);
  if (!pathname.startsWith(`${endpoint}/`))
    return refuse(404, "NOT_FOUND", "unknown_path", "There is nothing here.", requestId);
  if (request.method !== "POST" && request.method !== "GET") {
    return refuse(405, "METHOD_NOT_SUPPORTED", "method_not_supported", "Send a POST, or a GET for a query.", requestId);
  }
  let readable: Request;
  try {
    readable = await readableRequest(request);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return refuse(error.status, error.code, error.reason, error.message, requestId);
  }
  const answered = await fetchRequestHandler({
    endpoint,
    router,
    req: readable,
    allowBatching: false,
    allowMethodOverride: true,
    createContext: () => ({ runtime, requestId, ip: peer.ip, apiKey: request.headers.get("x-api-key") }),
    onError: ({ error, path }) => {
      if (error.code !== "INTERNAL_SERVER_ERROR") return;
      runtime.log.error(
        { requestId, procedure: path, error: describeError(error.cause ?? error) },
        "a procedure failed",
      );
    },
  });
  if (answered.headers.get("content-type")?.startsWith("application/json")) return answered;
  // Refused before there was a context (a batch, a stream, a foreign content type): without its id or a type of its own.
  return answered.status === 415
    ? refuse(415, "UNSUPPORTED_MEDIA_TYPE", "unsupported_media_type", "Send the body as application/json.", requestId)
    : refuse(400, "BAD_REQUEST", "malformed_request", "The request cannot be read; one call in each.", requestId);
}

/** The same body that tRPC's own refusals have. */
function refuse(httpStatus: number, code: string, reason: string, message: string, requestId: string): Response {
  return Response.json({ error: { message, data: { code, httpStatus, reason, requestId } } }, { status: httpStatus });
}
