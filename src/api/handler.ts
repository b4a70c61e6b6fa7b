import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { newId } from "../core/ids";
import type { Runtime } from "../persistence/runtime";
import { describeError } from "./describe-error";
import { healthz, type ReadinessCheck, readyz } from "./health";
import { readableRequest, Unreadable } from "./readable-request";
import { router } from "./trpc/router";

/** What the transport knows of a request beside its bytes. */
export interface Peer {
  /** The socket's address; null where there is none. */
  readonly ip: string | null;
}

/** One HTTP request in, one answer out; the same for Next's route and for the server in front of it. */
export type Handler = (request: Request, peer: Peer) => Promise<Response>;

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
  peer: Peer,
  requestId: string,
): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === "/healthz") return healthz();
  if (pathname === "/readyz") return readyz(runtime, checks);
  if (!pathname.startsWith(`${endpoint}/`))
    return refuse(404, "NOT_FOUND", "unknown_path", "There is nothing here.", requestId);
  let readable: Request;
  try {
    readable = await readableRequest(request);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return refuse(error.status, error.code, error.reason, error.message, requestId);
  }
  return fetchRequestHandler({
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
}

/** The same body that tRPC's own refusals have. */
function refuse(httpStatus: number, code: string, reason: string, message: string, requestId: string): Response {
  return Response.json({ error: { message, data: { code, httpStatus, reason, requestId } } }, { status: httpStatus });
}
