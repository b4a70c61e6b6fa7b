import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import packageJson from "../../package.json" with { type: "json" };
import type { Runtime } from "../access/runtime";
import { features } from "../features/all";
import { operationsOf } from "../operations/operations-of";
import type { ApiHandler, SocketPeer } from "../platform/contract/api-handler";
import { ReasonedError, Refusal } from "../platform/errors/refusal";
import { newId } from "../platform/ids";
import { clientAddress } from "../platform/net/client-address";
import { ActiveRequests } from "./active-requests";
import { answerAuditExport, auditExportPath } from "./audit-export";
import { arrivalOf, callerOf, callOf, recognize, unknownAddress, wrongHostOf } from "./caller";
import { describeError } from "./describe-error";
import { errorResponse, reasonedError } from "./errors";
import { healthz, type ReadinessCheck, readyz } from "./health";
import { MethodNotAllowed, readableRequest, readForm, repeatedNames, Unreadable } from "./readable-request";
import { answerRest } from "./rest/answer-rest";
import { openApiOf, openApiPath } from "./rest/open-api";
import { restBase } from "./rest/rest-base";
import { readCookies, sessionHashOf } from "./sign-in/cookies";
import { answerSignIn } from "./sign-in/sign-in-handler";
import { signInEndpoint } from "./sign-in/sign-in-request";
import { router } from "./trpc/router";

/** Answers one HTTP request. */
export type Handler = ApiHandler;

const endpoint = "/api/trpc";

/** The dependencies of a handler. */
interface Parts {
  readonly runtime: Runtime;
  readonly requests: ActiveRequests;
  readonly isReady: () => Promise<Response>;
}

/**
 * Creates the handler of the whole API and of the two health endpoints. Every response carries `x-request-id` and
 * forbids caching: many responses are for one person only, and some contain a secret that is shown once.
 * @param checks the checks of `/readyz` in addition to the database
 * @param requests limits the requests in progress
 */
export function createHandler(
  runtime: Runtime,
  checks: Readonly<Record<string, ReadinessCheck>> = {},
  requests: ActiveRequests = new ActiveRequests(),
): Handler {
  const parts = { runtime, requests, isReady: shareConcurrentChecks(() => readyz(runtime, checks)) };
  return async (request, peer) => {
    const requestId = newId("request");
    const response = await answer(parts, request, peer, requestId);
    response.headers.set("x-request-id", requestId);
    response.headers.set("cache-control", "no-store");
    return response;
  };
}

/** Shares one readiness check between concurrent requests, because anyone may ask and no limit applies. */
function shareConcurrentChecks(look: () => Promise<Response>): () => Promise<Response> {
  let runningCheck: Promise<Response> | null = null;
  return async () => {
    runningCheck ??= look().finally(() => {
      runningCheck = null;
    });
    return (await runningCheck).clone();
  };
}

async function answer(parts: Parts, request: Request, peer: SocketPeer, requestId: string): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  if (pathname === "/healthz") return healthz();
  if (pathname === "/readyz") return parts.isReady();
  try {
    if (pathname.startsWith(`${signInEndpoint}/`)) return await signIn(parts, request, peer, requestId, searchParams);
    if (pathname === auditExportPath) return await exportAudit(parts, request, peer, requestId, searchParams);
    if (pathname === openApiPath) return openApi(request);
    if (pathname === restBase || pathname.startsWith(`${restBase}/`))
      return await answerRest(parts, request, peer, requestId);
    if (pathname.startsWith(`${endpoint}/`)) return await callProcedure(parts, request, peer, requestId, pathname);
  } catch (error) {
    if (error instanceof ReasonedError) return errorResponse(error, requestId, pathname);
    throw error;
  }
  return errorResponse(new Unreadable("unknown_path", { method: request.method, path: pathname }), requestId);
}

let described: string | null = null;

/** Serves the OpenAPI document to everyone: it contains nothing about this installation. */
function openApi(request: Request): Response {
  if (request.method !== "GET") throw new MethodNotAllowed(["GET"]);
  described ??= JSON.stringify(openApiOf(features, packageJson.version));
  return new Response(described, { headers: { "content-type": "application/json" } });
}

async function callProcedure(
  { runtime, requests }: Parts,
  request: Request,
  peer: SocketPeer,
  requestId: string,
  pathname: string,
): Promise<Response> {
  if (request.method !== "POST" && request.method !== "GET") throw new MethodNotAllowed(["GET", "POST"]);
  const caller = await callerOf(runtime, request, peer, requestId);
  const procedure = pathname.slice(endpoint.length + 1);
  const readable = await readableRequest(request, () => {
    if (!Object.hasOwn(router._def.procedures, procedure)) throw new Unreadable("unknown_procedure");
    return recognize(caller, requests, procedure);
  });
  const enter = waiting.has(procedure) ? "enterToWait" : "enter";
  const slot = await requests[enter](caller.ip ?? unknownAddress, caller.credential);
  let answered: Response;
  try {
    answered = await fetchRequestHandler({
      endpoint,
      router,
      req: readable,
      allowBatching: false,
      allowMethodOverride: true,
      createContext: ({ resHeaders }) => callOf(caller, slot, resHeaders),
      onError: ({ error, path }) => {
        if (error.code !== "INTERNAL_SERVER_ERROR") return;
        runtime.log.error(
          { requestId, procedure: path, error: describeError(error.cause ?? error) },
          "a procedure failed",
        );
      },
    });
  } finally {
    slot.release();
  }
  if (answered.status === 401 && caller.credential !== null) requests.forget(caller.credential);
  if (answered.headers.get("content-type")?.startsWith("application/json")) return answered;
  // tRPC refused it before it had a context (a batch, a stream, an unknown content type), so there is no id or own type.
  throw answered.status === 415
    ? new Unreadable("unsupported_media_type")
    : new Unreadable("malformed_request", { problem: "a request holds one call" });
}

/** Procedures that wait for an event before they answer: they have separate limits. */
const waiting: ReadonlySet<string> = new Set(
  operationsOf(features).flatMap(({ path, operation }) => (operation.waits ? [path] : [])),
);

/** Reads a form or its JSON, and passes it to the sign-in handler. */
async function signIn(
  { runtime, requests }: Parts,
  request: Request,
  peer: SocketPeer,
  requestId: string,
  query: URLSearchParams,
): Promise<Response> {
  const { headers, method } = request;
  const arrival = arrivalOf(runtime, headers, peer);
  if (arrival.kind === "unknown") throw new Refusal("unknown_origin", wrongHostOf(runtime, headers));
  if (repeatedNames(query).length > 0) {
    throw new Unreadable("malformed_request", { problem: "its query names a parameter twice" });
  }
  const cookies = readCookies(headers.get("cookie"));
  const body = method === "POST" ? await readForm(request) : {};
  const ip = clientAddress(peer.ip, headers.get("x-forwarded-for"), runtime.signIn.trustedProxies);
  const slot = await requests.enter(ip ?? unknownAddress, null);
  try {
    const attempt = {
      runtime,
      requestId,
      ip,
      peer: peer.ip,
      local: arrival.kind === "local",
      origin: arrival.origin,
      userAgent: headers.get("user-agent"),
      sessionHash: await sessionHashOf(runtime, arrival.origin, cookies),
      headers,
      record: { isWritten: false },
    };
    const path = new URL(request.url).pathname.slice(signInEndpoint.length + 1);
    return await answerSignIn({ attempt, method, path, query, body, cookies, from: headers.get("origin") });
  } catch (error) {
    return failed(runtime, error, requestId, "a sign-in failed");
  } finally {
    slot.release();
  }
}

/** Streams an audit log to a caller who is permitted to read it. */
async function exportAudit(
  { runtime, requests }: Parts,
  request: Request,
  peer: SocketPeer,
  requestId: string,
  query: URLSearchParams,
): Promise<Response> {
  if (request.method !== "GET") throw new MethodNotAllowed(["GET"]);
  const responseHeaders = new Headers();
  const caller = await callerOf(runtime, request, peer, requestId);
  const slot = await requests.enter(caller.ip ?? unknownAddress, caller.credential);
  try {
    return await answerAuditExport(callOf(caller, slot, responseHeaders), query);
  } catch (error) {
    const response = failed(runtime, error, requestId, "an export failed");
    responseHeaders.forEach((value, name) => {
      response.headers.set(name, value);
    });
    return response;
  } finally {
    slot.release();
  }
}

/** Returns the response to a failure outside a procedure. */
function failed(runtime: Runtime, error: unknown, requestId: string, what: string): Response {
  const refusal = reasonedError(error);
  if (refusal.reason === "internal") runtime.log.error({ requestId, error: describeError(error) }, what);
  return errorResponse(refusal, requestId);
}
