import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import type { ApiHandler, RequestInfo } from "../contracts/handler-registration";
import { arrivalOrigin } from "../core/arrival-origin";
import { clientAddress } from "../core/client-address";
import { Forbidden, Refusal, Unavailable } from "../core/errors";
import { newId } from "../core/ids";
import { isUnreachable } from "../persistence/database-errors";
import type { Runtime } from "../persistence/runtime";
import { answerAuditExport, auditExportPath } from "./audit-export";
import { describeError } from "./describe-error";
import { refusalResponse } from "./errors";
import { healthz, type ReadinessCheck, readyz } from "./health";
import { readableRequest, readForm, Unreadable } from "./readable-request";
import { readCookies, sessionHashOf } from "./sign-in/cookies";
import { answerSignIn, signInEndpoint } from "./sign-in/sign-in-handler";
import type { Context } from "./trpc/context";
import { router } from "./trpc/router";

/** One HTTP request in, one answer out; the same for Next's route and for the server in front of it. */
export type Handler = ApiHandler;

const endpoint = "/api/trpc";

/**
 * The whole API, and the two questions of whoever runs the process. Every answer carries `x-request-id`, and is kept
 * nowhere on its way: many hold what is for one person's eyes, some a secret that is shown once.
 * @param checks what `/readyz` asks beside the database
 */
export function createHandler(runtime: Runtime, checks: Readonly<Record<string, ReadinessCheck>> = {}): Handler {
  return async (request, peer) => {
    const requestId = newId("request");
    const response = await answer(runtime, checks, request, peer, requestId);
    response.headers.set("x-request-id", requestId);
    response.headers.set("cache-control", "no-store");
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
  const { pathname, searchParams } = new URL(request.url);
  if (pathname === "/healthz") return healthz();
  if (pathname === "/readyz") return readyz(runtime, checks);
  if (pathname.startsWith(`${signInEndpoint}/`)) return signIn(runtime, request, peer, requestId, searchParams);
  if (pathname === auditExportPath) return exportAudit(runtime, request, peer, requestId, searchParams);
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
    createContext: ({ resHeaders }) => contextOf(runtime, request, peer, requestId, resHeaders),
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

async function contextOf(
  runtime: Runtime,
  request: Request,
  peer: RequestInfo,
  requestId: string,
  answerHeaders: Headers,
): Promise<Context> {
  const { headers } = request;
  const arrival = arrivalOf(runtime, headers, peer);
  const apiKey = headers.get("x-api-key");
  const cookie = headers.get("cookie");
  const looksAtCookie = apiKey === null && cookie !== null && arrival.kind !== "unknown";
  return {
    runtime,
    requestId,
    ip: clientAddress(peer.ip, headers.get("x-forwarded-for"), runtime.signIn.trustedProxies),
    peer: peer.ip,
    headers,
    arrival,
    apiKey,
    sessionHash: looksAtCookie ? await sessionHashOf(runtime, arrival.origin, readCookies(cookie)) : null,
    csrfToken: headers.get("x-csrf-token"),
    from: headers.get("origin"),
    organizationId: headers.get("x-organization-id"),
    answerHeaders,
  };
}

/** What proxies add. */
const passedOn = ["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "forwarded", "via"];

function arrivalOf({ signIn: { publicOrigin, localOrigins } }: Runtime, headers: Headers, peer: RequestInfo) {
  const forwarded = passedOn.some((name) => headers.has(name));
  return arrivalOrigin(headers.get("host"), peer.ip, forwarded, publicOrigin, localOrigins);
}

/** Reads a form or its JSON, and hands it to where people sign in. */
async function signIn(
  runtime: Runtime,
  request: Request,
  peer: RequestInfo,
  requestId: string,
  query: URLSearchParams,
): Promise<Response> {
  const { headers, method } = request;
  const arrival = arrivalOf(runtime, headers, peer);
  if (arrival.kind === "unknown") {
    const { publicOrigin } = runtime.signIn;
    return refusalResponse(
      new Forbidden("unknown_origin", `Sign in at ${publicOrigin}: that is where PORTCULLIS_PUBLIC_URL says this is.`),
      requestId,
    );
  }
  const cookies = readCookies(headers.get("cookie"));
  try {
    const body = method === "POST" ? await readForm(request) : {};
    const attempt = {
      runtime,
      requestId,
      ip: clientAddress(peer.ip, headers.get("x-forwarded-for"), runtime.signIn.trustedProxies),
      peer: peer.ip,
      local: arrival.kind === "local",
      origin: arrival.origin,
      userAgent: headers.get("user-agent"),
      sessionHash: await sessionHashOf(runtime, arrival.origin, cookies),
      headers,
    };
    const path = new URL(request.url).pathname.slice(signInEndpoint.length + 1);
    return await answerSignIn({ attempt, method, path, query, body, cookies, from: headers.get("origin") });
  } catch (error) {
    if (error instanceof Unreadable) return refuse(error.status, error.code, error.reason, error.message, requestId);
    return failed(runtime, error, requestId, "a sign-in failed");
  }
}

/** Streams an audit log to whoever may read it. */
async function exportAudit(
  runtime: Runtime,
  request: Request,
  peer: RequestInfo,
  requestId: string,
  query: URLSearchParams,
): Promise<Response> {
  if (request.method !== "GET") {
    return refuse(405, "METHOD_NOT_SUPPORTED", "method_not_supported", "Send a GET.", requestId);
  }
  const answerHeaders = new Headers();
  try {
    return await answerAuditExport(await contextOf(runtime, request, peer, requestId, answerHeaders), query);
  } catch (error) {
    const response = failed(runtime, error, requestId, "an export failed");
    answerHeaders.forEach((value, name) => {
      response.headers.set(name, value);
    });
    return response;
  }
}

/** What is answered where no procedure fails. */
function failed(runtime: Runtime, error: unknown, requestId: string, what: string): Response {
  if (error instanceof Refusal) return refusalResponse(error, requestId);
  if (isUnreachable(error)) {
    return refusalResponse(
      new Unavailable("database_unavailable", "The database does not answer. Try again in a moment."),
      requestId,
    );
  }
  runtime.log.error({ requestId, error: describeError(error) }, what);
  return refuse(
    500,
    "INTERNAL_SERVER_ERROR",
    "internal",
    "Something went wrong here. The log has it under this requestId.",
    requestId,
  );
}

/** The same body that tRPC's own refusals have. */
function refuse(httpStatus: number, code: string, reason: string, message: string, requestId: string): Response {
  return Response.json({ error: { message, data: { code, httpStatus, reason, requestId } } }, { status: httpStatus });
}
