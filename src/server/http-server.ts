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
import { knownPath } from "../api/known-path";
import type { ApiHandler } from "../contracts/handler-registration";
import { newId } from "../core/ids";
import { answerWith } from "./node-adapter";
import { securityHeaders, type TransportSecurity } from "./security-headers";
import { StartFailure } from "./start-failure";

/** What answers requests; until there is one, all of them get 503, and the process says that it is alive. */
export interface Serving {
  readonly api: ApiHandler;
  readonly pages: RequestListener;
  readonly upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

export interface HttpServer {
  readonly port: number;
  serve(serving: Serving): void;
  /** Takes no more connections, lets requests finish for `graceMs`, then ends what is left. */
  close(graceMs: number): Promise<void>;
}

interface Listening {
  readonly host: string;
  readonly port: number;
  readonly log: Logger;
  /** Null, or left out, where its public address is not https. */
  readonly secure?: TransportSecurity | null;
}

/**
 * Listens at once, so that a port that is taken is known before anything slow or lasting is done.
 * @throws StartFailure the port is taken, may not be used, or the address is not this machine's
 */
export async function listen({ host, port, log, secure = null }: Listening): Promise<HttpServer> {
  let serving: Serving | null = null;
  const headers = Object.entries(securityHeaders(secure));
  const answering = new WeakMap<Duplex, ServerResponse>();
  const server = createServer((request, response) => {
    answering.set(request.socket, response);
    for (const [name, value] of headers) response.setHeader(name, value);
    if (!serving || !request.url?.startsWith("/")) {
      refuse(response, request.url === "/healthz" ? 200 : serving ? 400 : 503);
      return;
    }
    const path = request.url.split("?", 1)[0] ?? "/";
    if (request.method === "TRACE") {
      refuse(response, 405); // the web platform's requests cannot have this method
    } else if (isApi(path)) {
      answerApi(serving.api, request, response, { log, path });
    } else {
      response.setHeader("x-request-id", newId("request"));
      serving.pages(request, response);
    }
  });
  const upgraded = new Set<Duplex>(); // Node no longer counts them as connections of its own
  server.on("upgrade", (request, socket, head) => {
    upgraded.add(socket);
    socket.once("close", () => upgraded.delete(socket));
    if (serving?.upgrade) serving.upgrade(request, socket, head);
    else socket.end(bareAnswer(400, headers));
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    // Node would answer by itself, without a header of ours.
    const answer = answering.get(socket);
    const isBusy = answer?.headersSent && !answer.writableFinished;
    if (error.code === "ECONNRESET" || !socket.writable || isBusy) socket.destroy();
    else socket.end(bareAnswer(unreadable[error.code ?? ""] ?? 400, headers));
  });
  await bind(server, host, port);
  return {
    port: (server.address() as AddressInfo).port,
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

interface Place {
  readonly log: Logger;
  readonly path: string;
}

function answerApi(api: ApiHandler, request: IncomingMessage, response: ServerResponse, place: Place): void {
  const { log, path } = place;
  const began = performance.now();
  response.once("close", () => {
    // The path alone: a query's input stands behind it.
    const requestId = response.getHeader("x-request-id");
    const ms = Math.round(performance.now() - began);
    const level = path.startsWith("/api/") ? "info" : "debug";
    log[level](
      { requestId, method: request.method, path: knownPath(path), status: response.statusCode, ms },
      "answered",
    );
  });
  answerWith(api, request, response).catch((error: unknown) => {
    if (!request.destroyed || response.writable) {
      const requestId = newId("request");
      log.error({ requestId, errorName: error instanceof Error ? error.name : typeof error }, "a request failed");
      if (!response.headersSent) {
        response.setHeader("x-request-id", requestId);
        refuse(response, 500);
        return;
      }
    }
    response.destroy();
  });
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

const reasons: Readonly<Record<number, readonly [reason: string, message: string]>> = {
  200: ["starting", "The process is alive, and still starting."],
  400: ["malformed_request", "The request cannot be read."],
  405: ["method_not_supported", "Send a POST, or a GET for a query."],
  500: ["internal", "Something went wrong here. The log has it under this requestId."],
  503: ["starting", "The control plane is still starting. Try again in a moment."],
};

/** What is said where there is no handler to say it; the body has the form of the API's own refusals. */
function refuse(response: ServerResponse, status: number): void {
  const [reason, message] = reasons[status] ?? ["internal", ""];
  const requestId = response.getHeader("x-request-id") ?? newId("request");
  response.writeHead(status, {
    "content-type": "application/json",
    "x-request-id": requestId,
    ...(status === 503 ? { "retry-after": "1" } : {}),
  });
  const refusal = { error: { message, data: { httpStatus: status, reason, requestId } } };
  response.end(JSON.stringify(status === 200 ? { status: reason } : refusal));
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
