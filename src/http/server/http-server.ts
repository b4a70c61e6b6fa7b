import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { Logger } from "pino";
import type { ApiHandler } from "../../platform/contract/api-handler";
import { type ReasonedError, Refusal } from "../../platform/errors/refusal";
import { type Bounds, Slots } from "../../platform/fair-share";
import { newId } from "../../platform/ids";
import { clientAddress } from "../../platform/net/client-address";
import { type RequestTarget, readRequestTarget } from "../../platform/net/request-target";
import { StartFailure } from "../../platform/start-failure";
import { BodyMemory, type BodyMemoryBounds } from "../body-memory";
import { describeError } from "../describe-error";
import { errorBody, errorHeaders } from "../errors";
import { knownPath, methodsAt } from "../known-path";
import { BodyAborted, MethodNotAllowed, Unreadable } from "../readable-request";
import { boundConnections, type Connections } from "./connections";
import { type BodyPace, defaultBodyPace, incomingBody } from "./incoming-body";
import { answerWith, leaveRest, stalledAfterMs } from "./node-adapter";
import { securityHeaders, type TransportSecurity } from "./security-headers";

/** The handlers of requests. Before they are set, `/healthz` answers and every other request gets 503. */
export interface Serving {
  readonly api: ApiHandler;
  readonly pages: RequestListener;
  readonly upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

export interface HttpServer {
  readonly port: number;
  /** The bytes of request bodies in memory now. */
  readonly bodyBytes: number;
  serve(serving: Serving): void;
  /** Stops accepting connections, lets requests finish for `graceMs`, then aborts the rest. */
  close(graceMs: number): Promise<void>;
}

/** The limits on what unauthenticated callers can occupy. */
export interface ServerBounds {
  /** `perOwner` is the share of one address; it does not apply to `trustedProxies`. */
  readonly connections: Bounds;
  readonly bodies: BodyMemoryBounds;
  readonly bodyPace: BodyPace;
  /** Requests in progress for pages and files of the console; `perOwner` is the share of one address. */
  readonly pages: Bounds;
  /** The timeout for the headers of a request in milliseconds. It also applies to a new connection. */
  readonly headersMs: number;
}

const mebibyte = 1024 * 1024;

export const defaultServerBounds: ServerBounds = {
  connections: { total: 4_000, perOwner: 2_000 },
  bodies: {
    strangers: { total: 16 * mebibyte, perOwner: 8 * mebibyte },
    known: { total: 64 * mebibyte, perOwner: 16 * mebibyte },
  },
  bodyPace: defaultBodyPace,
  pages: { total: 128, perOwner: 64 },
  headersMs: 15_000,
};

/** The number of connections above the limit that get one response. */
const surplusConnections = 64;

/** The timeout for a whole request in milliseconds, whatever its pace. */
const requestMs = 90_000;

/** The interval at which Node checks for timed-out requests, in milliseconds. */
const checkIntervalMs = 1_000;

/** How long a refused upgrade or tunnel stays open to read the response, in milliseconds. */
const refusedForMs = 1_000;

interface Listening {
  readonly host: string;
  readonly port: number;
  readonly log: Logger;
  /** Null or absent if the public address is not https. */
  readonly secure?: TransportSecurity | null;
  readonly trustedProxies?: readonly string[];
  readonly bounds?: Partial<ServerBounds>;
}

/**
 * Starts to listen immediately, so that a port in use is detected before any slow or persistent step.
 * @throws StartFailure the port is in use or not permitted, or the address does not belong to this machine
 */
export async function listen(listening: Listening): Promise<HttpServer> {
  const { host, port, log, secure = null, trustedProxies = [] } = listening;
  const bounds = { ...defaultServerBounds, ...listening.bounds };
  const bodies = new BodyMemory(bounds.bodies);
  const pages = new Slots(bounds.pages);
  let serving: Serving | null = null;
  const headers = Object.entries(securityHeaders(secure));
  const server = createServer({
    headersTimeout: bounds.headersMs,
    requestTimeout: Math.max(requestMs, bounds.headersMs),
    connectionsCheckingInterval: Math.min(checkIntervalMs, bounds.headersMs),
    requireHostHeader: false, // Node's own refusal lacks the security headers
  });
  const connections = boundConnections(server, {
    ...bounds.connections,
    surplus: surplusConnections,
    shared: trustedProxies,
  });
  const answering = new WeakMap<Duplex, ServerResponse>();

  const answer = (incoming: IncomingMessage, outgoing: ServerResponse, waitsForContinue: boolean): void => {
    // Node closes broken connections itself; without a listener the error would end the process.
    incoming.on("error", () => undefined);
    outgoing.on("error", () => undefined);
    answering.set(incoming.socket, outgoing);
    for (const [name, value] of headers) outgoing.setHeader(name, value);
    if (connections.isSurplus(incoming.socket)) outgoing.shouldKeepAlive = false;
    const target = readRequestTarget(incoming.url ?? "");
    const refusal = refusalOf(incoming, target, serving, connections);
    if (refusal !== null || !target.ok || serving === null) {
      const path = target.ok ? target.path : "";
      leaveRest(incoming, outgoing);
      const requestId = refusal === null ? answerAlive(outgoing) : refuse(outgoing, refusal);
      const status = outgoing.statusCode;
      log.info({ requestId, method: incoming.method, path: knownPath(path), status, ms: 0 }, "answered");
      return;
    }
    const { path } = target;
    const peer = incoming.socket.remoteAddress ?? null;
    const forwarded = incoming.headers["x-forwarded-for"];
    const address = clientAddress(peer, typeof forwarded === "string" ? forwarded : null, trustedProxies) ?? "unknown";
    const gone = new AbortController();
    const forget = connections.onGone(incoming.socket, () => {
      if (!outgoing.writableFinished) gone.abort();
    });
    if (isApi(path)) {
      const account = bodies.open(address);
      const body = incomingBody(incoming, account, bounds.bodyPace, () => {
        if (waitsForContinue) outgoing.writeContinue();
      });
      void answerApi(serving.api, { incoming, outgoing, body, gone: gone.signal }, { log, path }).finally(() => {
        account.close();
        forget();
      });
    } else {
      const slot = pages.take(address);
      const end = () => {
        forget();
        if (typeof slot === "function") slot();
      };
      outgoing.once("close", end);
      gone.signal.addEventListener("abort", end, { once: true }); // a response in the queue emits no `close`
      leaveRest(incoming, outgoing); // a page takes no body
      if (typeof slot === "string") {
        refuse(outgoing, new Refusal("overloaded", { what: "pages that are being sent", bound: slot }));
      } else answerPage(serving.pages, incoming, outgoing);
    }
  };
  server.on("request", (incoming, outgoing) => answer(incoming, outgoing, false));
  server.on("checkContinue", (incoming, outgoing) => answer(incoming, outgoing, true));
  server.on("checkExpectation", (incoming: IncomingMessage, outgoing: ServerResponse) => {
    for (const [name, value] of headers) outgoing.setHeader(name, value);
    leaveRest(incoming, outgoing);
    refuse(outgoing, new Unreadable("expectation_failed"));
  });

  const upgraded = new Set<Duplex>(); // Node no longer counts these sockets as its connections
  /** Takes over a socket that Node no longer manages. */
  const takeOver = (socket: Duplex): boolean => {
    socket.on("error", () => socket.destroy());
    upgraded.add(socket);
    socket.once("close", () => upgraded.delete(socket));
    // An earlier request on this connection is still unanswered, and two responses must not mix.
    const earlier = answering.get(socket);
    const isBusy = earlier !== undefined && !earlier.writableFinished;
    if (isBusy) socket.destroy();
    return !isBusy;
  };
  const refuseSocket = (socket: Duplex, status: number): void => {
    socket.end(bareAnswer(status, headers));
    const late = setTimeout(() => socket.destroy(), refusedForMs);
    socket.once("close", () => clearTimeout(late));
    socket.resume(); // unread data would keep the socket from emitting `end`
  };
  server.on("upgrade", (request, socket, head) => {
    if (!takeOver(socket)) return;
    if (serving?.upgrade) serving.upgrade(request, socket, head);
    else refuseSocket(socket, 400);
  });
  server.on("connect", (_request, socket) => {
    if (takeOver(socket)) refuseSocket(socket, 405);
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    // Without a listener, Node responds itself, without the security headers.
    const answer = answering.get(socket);
    const isBusy = answer?.headersSent && !answer.writableFinished;
    if (error.code === "ECONNRESET" || !socket.writable || isBusy) socket.destroy();
    else refuseSocket(socket, unreadable[error.code ?? ""] ?? 400);
  });
  await bind(server, host, port);
  server.on("error", (error) => log.warn({ error: describeError(error) }, "a connection could not be accepted"));
  return {
    port: (server.address() as AddressInfo).port,
    get bodyBytes() {
      return bodies.held;
    },
    serve(next) {
      serving = next;
    },
    close: (graceMs) => {
      for (const socket of upgraded) socket.destroy();
      return close(server, graceMs);
    },
  };
}

function isApi(path: string): boolean {
  return path.startsWith("/api/") || path === "/healthz" || path === "/readyz";
}

/** Returns why a request is refused before any other check, or null. It also applies to `/healthz` during the start. */
function refusalOf(
  incoming: IncomingMessage,
  target: RequestTarget,
  serving: Serving | null,
  connections: Connections,
): ReasonedError | null {
  if (target.ok && target.path === "/healthz") return null;
  if (serving === null) return new Refusal("starting");
  if (connections.isSurplus(incoming.socket)) {
    return new Refusal("overloaded", { what: "connections", bound: "total" });
  }
  if (!target.ok) {
    return target.status === 414
      ? new Unreadable("target_too_long")
      : new Unreadable("malformed_request", { problem: target.problem });
  }
  if (!hasOneHost(incoming)) {
    return new Unreadable("malformed_request", { problem: "it has to name its host once" });
  }
  // The platform's `Request` does not support this method.
  return incoming.method === "TRACE" ? new MethodNotAllowed(methodsAt(target.path)) : null;
}

/** RFC 9112, 3.2: a request of HTTP/1.1 names its host once. */
function hasOneHost({ headersDistinct, httpVersion }: IncomingMessage): boolean {
  const hosts = headersDistinct.host?.length ?? 0;
  return hosts === 1 || (hosts === 0 && httpVersion === "1.0");
}

interface LoggedRequest {
  readonly log: Logger;
  readonly path: string;
}

async function answerApi(
  api: ApiHandler,
  exchange: Parameters<typeof answerWith>[1],
  { log, path }: LoggedRequest,
): Promise<void> {
  const { incoming, outgoing, gone } = exchange;
  const began = performance.now();
  const logAnswer = () => {
    outgoing.off("close", logAnswer);
    gone.removeEventListener("abort", logAnswer);
    // Only the path, because the query contains input.
    const requestId = outgoing.getHeader("x-request-id");
    const ms = Math.round(performance.now() - began);
    const level = path.startsWith("/api/") ? "info" : "debug";
    log[level](
      { requestId, method: incoming.method, path: knownPath(path), status: outgoing.statusCode, ms },
      "answered",
    );
  };
  outgoing.once("close", logAnswer);
  gone.addEventListener("abort", logAnswer, { once: true });
  try {
    await answerWith(api, exchange);
  } catch (error) {
    failAnswer(error, exchange, log);
  }
}

/** Responds to an error of a handler if the caller is still connected. */
function failAnswer(error: unknown, { incoming, outgoing, gone }: Parameters<typeof answerWith>[1], log: Logger): void {
  if (gone.aborted || error instanceof BodyAborted) {
    outgoing.destroy();
    return;
  }
  const foreseen =
    error instanceof Unreadable || (error instanceof Refusal && error.kind === "unavailable") ? error : null;
  const requestId = newId("request");
  if (foreseen === null) {
    log.error({ requestId, errorName: error instanceof Error ? error.name : typeof error }, "a request failed");
  }
  if (outgoing.headersSent) {
    outgoing.destroy();
    return;
  }
  outgoing.setHeader("x-request-id", requestId);
  leaveRest(incoming, outgoing);
  refuse(outgoing, foreseen ?? new Unreadable("internal"));
}

function answerPage(pages: RequestListener, incoming: IncomingMessage, outgoing: ServerResponse): void {
  outgoing.setHeader("x-request-id", newId("request"));
  outgoing.setTimeout(stalledAfterMs);
  pages(incoming, outgoing);
}

/** The status for each error code of Node's HTTP parser. */
const unreadable: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** Returns a response without a body for a connection that is closed afterwards. */
function bareAnswer(status: number, headers: readonly (readonly [string, string])[]): string {
  const lines = [...headers, ["x-request-id", newId("request")], ["content-length", "0"], ["connection", "close"]];
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`;
  return `${head}${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
}

/**
 * Responds to requests that reach no handler; the body has the form of the API's refusals.
 * @returns the request's id
 */
function refuse(response: ServerResponse, error: ReasonedError): string {
  const target = response.req.url ?? "";
  const requestId = String(response.getHeader("x-request-id") ?? newId("request"));
  writeJson(response, error.status, requestId, errorBody(error, requestId, target), errorHeaders(error));
  return requestId;
}

/** Responds to `/healthz` before the handlers are set. @returns the request's id */
function answerAlive(response: ServerResponse): string {
  const requestId = newId("request");
  writeJson(response, 200, requestId, { status: "starting" });
  return requestId;
}

function writeJson(
  response: ServerResponse,
  status: number,
  requestId: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", "x-request-id": requestId, ...headers });
  response.end(JSON.stringify(body));
}

const bindingProblems: Readonly<Record<string, (host: string, port: number) => string>> = {
  EADDRINUSE: (host, port) => `port ${port} of ${host} is taken: set PORT to another one`,
  EACCES: (_host, port) => `port ${port} is not for this user: set PORT to one above 1023`,
  EADDRNOTAVAIL: (host) => `${host} is no address of this machine: set HOST to one that is`,
  ENOTFOUND: (host) => `${host} is no address of this machine: set HOST to one that is`,
};

function bind(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const problem = bindingProblems[error.code ?? ""];
      reject(problem ? new StartFailure(problem(host, port)) : error);
    });
    server.listen(port, host, resolve);
  });
}

function close(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    // A connection becomes idle only after its response is complete, when it waits for the next request.
    const idle = setInterval(() => server.closeIdleConnections(), 50);
    const late = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(late);
      clearInterval(idle);
      resolve();
    });
    server.closeIdleConnections();
  });
}
