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

/** What answers requests; until there is one, all of them get 503, and the process says that it is alive. */
export interface Serving {
  readonly api: ApiHandler;
  readonly pages: RequestListener;
  readonly upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

export interface HttpServer {
  readonly port: number;
  /** Bytes of request bodies that are held in memory now. */
  readonly bodyBytes: number;
  serve(serving: Serving): void;
  /** Takes no more connections, lets requests finish for `graceMs`, then ends what is left. */
  close(graceMs: number): Promise<void>;
}

/** What callers without rights can hold of the server. */
export interface ServerBounds {
  /** `perOwner` is the share of an address; a proxy of `trustedProxies` has none. */
  readonly connections: Bounds;
  readonly bodies: BodyMemoryBounds;
  readonly bodyPace: BodyPace;
  /** Pages and files of the console that are being answered; `perOwner` is the share of an address. */
  readonly pages: Bounds;
  /** Milliseconds until a request's headers have to be there, on a new connection too. */
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

/** Connections beyond the bound that are answered once. */
const surplusConnections = 64;

/** Milliseconds until a whole request has to be there, whatever its pace. */
const requestMs = 90_000;

/** How often Node looks for requests that take too long, in milliseconds. */
const lookEveryMs = 1_000;

/** How long an upgrade or a tunnel that was refused may take to read the answer, in milliseconds. */
const refusedForMs = 1_000;

interface Listening {
  readonly host: string;
  readonly port: number;
  readonly log: Logger;
  /** Null, or left out, where its public address is not https. */
  readonly secure?: TransportSecurity | null;
  readonly trustedProxies?: readonly string[];
  readonly bounds?: Partial<ServerBounds>;
}

/**
 * Listens at once, so that a port that is taken is known before anything slow or lasting is done.
 * @throws StartFailure the port is taken, may not be used, or the address is not this machine's
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
    connectionsCheckingInterval: Math.min(lookEveryMs, bounds.headersMs),
    requireHostHeader: false, // Node's own refusal has no header of ours
  });
  const connections = boundConnections(server, {
    ...bounds.connections,
    surplus: surplusConnections,
    shared: trustedProxies,
  });
  const answering = new WeakMap<Duplex, ServerResponse>();

  const answer = (incoming: IncomingMessage, outgoing: ServerResponse, waitsForContinue: boolean): void => {
    // Node ends what breaks off by itself; without a listener the error would end the process.
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
      const requestId = refusal === null ? sayAlive(outgoing) : refuse(outgoing, refusal);
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
      gone.signal.addEventListener("abort", end, { once: true }); // an answer that waits for its turn is not closed
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

  const upgraded = new Set<Duplex>(); // Node no longer counts them as connections of its own
  /** Takes over a socket, which Node does not look after any more. */
  const takeOver = (socket: Duplex): boolean => {
    socket.on("error", () => socket.destroy());
    upgraded.add(socket);
    socket.once("close", () => upgraded.delete(socket));
    // A request that came before it on this connection is not answered yet: no answer may be mixed with another.
    const earlier = answering.get(socket);
    const isBusy = earlier !== undefined && !earlier.writableFinished;
    if (isBusy) socket.destroy();
    return !isBusy;
  };
  const refuseSocket = (socket: Duplex, status: number): void => {
    socket.end(bareAnswer(status, headers));
    const late = setTimeout(() => socket.destroy(), refusedForMs);
    socket.once("close", () => clearTimeout(late));
    socket.resume(); // what still arrives would keep the socket from noticing its end
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
    // Node would answer by itself, without a header of ours.
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

/** What is refused before anything is looked at, or null: also for `/healthz` while the process starts. */
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
  // The web platform's requests cannot have this method.
  return incoming.method === "TRACE" ? new MethodNotAllowed(methodsAt(target.path)) : null;
}

/** RFC 9112, 3.2: a request of HTTP/1.1 names its host once. */
function hasOneHost({ headersDistinct, httpVersion }: IncomingMessage): boolean {
  const hosts = headersDistinct.host?.length ?? 0;
  return hosts === 1 || (hosts === 0 && httpVersion === "1.0");
}

interface Place {
  readonly log: Logger;
  readonly path: string;
}

async function answerApi(
  api: ApiHandler,
  exchange: Parameters<typeof answerWith>[1],
  { log, path }: Place,
): Promise<void> {
  const { incoming, outgoing, gone } = exchange;
  const began = performance.now();
  const logAnswer = () => {
    outgoing.off("close", logAnswer);
    gone.removeEventListener("abort", logAnswer);
    // The path alone: a query's input stands behind it.
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

/** Answers what a handler threw, while there is still somebody who can be answered. */
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

/** How Node says what is wrong with a request that it cannot read, as a status. */
const unreadable: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** An answer without a body, on a connection that is of no use afterwards. */
function bareAnswer(status: number, headers: readonly (readonly [string, string])[]): string {
  const lines = [...headers, ["x-request-id", newId("request")], ["content-length", "0"], ["connection", "close"]];
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`;
  return `${head}${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
}

/**
 * Answers where there is no handler to do it; the body has the form of the API's own refusals.
 * @returns the request's id
 */
function refuse(response: ServerResponse, error: ReasonedError): string {
  const target = response.req.url ?? "";
  const requestId = String(response.getHeader("x-request-id") ?? newId("request"));
  writeJson(response, error.status, requestId, errorBody(error, requestId, target), errorHeaders(error));
  return requestId;
}

/** `/healthz` before there is a handler. @returns the request's id */
function sayAlive(response: ServerResponse): string {
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
    // A connection whose request has just been answered is kept for a next one, and is idle only then.
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
