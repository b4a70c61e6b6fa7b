import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Logger } from "pino";
import { Slots } from "#src/platform/fair-share";
import { newId } from "#src/platform/ids";
import { clientAddress } from "#src/platform/net/client-address";
import { readRequestTarget } from "#src/platform/net/request-target";
import { BodyMemory } from "../body-memory";
import { unknownAddress } from "../caller";
import { describeError } from "../describe-error";
import { type Handler, startingHandler } from "../handler";
import { BodyAborted, Unreadable } from "../readable-request";
import { refusalResponse } from "../refusal";
import { leaveRest } from "../rules/drain";
import { refuseBareSockets, type Upgrade } from "./bare-sockets";
import { boundConnections } from "./connections";
import type { Exchange } from "./exchange";
import { incomingBody } from "./incoming-body";
import { requestOf, send, stalledAfterMs } from "./node-adapter";
import { bind, close } from "./port";
import { securityHeaders, type TransportSecurity } from "./security-headers";
import {
  checkIntervalMs,
  defaultServerBounds,
  idleMs,
  requestMs,
  type ServerBounds,
  surplusConnections,
} from "./server-bounds";

/** Who answers requests. Before it is set, `/healthz` answers and every other request gets 503. */
export interface Serving {
  /** Answers every request, and hands those for pages over. */
  readonly handler: Handler;
  readonly pages: RequestListener;
  readonly upgrade?: Upgrade;
}

export interface HttpServer {
  readonly port: number;
  /** The bytes of request bodies in memory now. */
  readonly bodyBytes: number;
  serve(serving: Serving): void;
  /** Stops accepting connections, lets requests finish for `graceMs`, then aborts the rest. */
  close(graceMs: number): Promise<void>;
}

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
  const headers = Object.entries(securityHeaders(secure));
  let serving: Serving | null = null;
  const server = createServer({
    headersTimeout: bounds.headersMs,
    requestTimeout: Math.max(requestMs, bounds.headersMs),
    keepAliveTimeout: idleMs,
    connectionsCheckingInterval: Math.min(checkIntervalMs, bounds.headersMs),
    requireHostHeader: false, // Node's own refusal lacks the security headers
  });
  const connections = boundConnections(server, {
    ...bounds.connections,
    surplus: surplusConnections,
    shared: trustedProxies,
  });
  const bareSockets = refuseBareSockets(server, headers, () => serving?.upgrade);

  const answer =
    (expects: "nothing" | "continue" | "unknown") => (incoming: IncomingMessage, outgoing: ServerResponse) => {
      // Node closes broken connections itself; without a listener the error would end the process.
      incoming.on("error", () => undefined);
      outgoing.on("error", () => undefined);
      bareSockets.note(incoming.socket, outgoing);
      const isSurplus = connections.isSurplus(incoming.socket);
      if (isSurplus) outgoing.shouldKeepAlive = false;
      const gone = new AbortController();
      const forget = connections.onGone(incoming.socket, () => {
        if (!outgoing.writableFinished) gone.abort();
      });
      const address = addressOf(incoming, trustedProxies);
      const account = bodies.open(address);
      const body = incomingBody(incoming, account, bounds.bodyPace, () => {
        if (expects === "continue") outgoing.writeContinue();
      });
      let isHandedOver = false;
      const exchange: Exchange = {
        incoming,
        outgoing,
        target: readRequestTarget(incoming.url ?? ""),
        address,
        isSurplus,
        hasUnknownExpectation: expects === "unknown",
        gone: gone.signal,
        securityHeaders: headers,
        pages,
        log,
        handOver: () => {
          isHandedOver = true;
          outgoing.once("close", forget);
          outgoing.setTimeout(stalledAfterMs);
          serving?.pages(incoming, outgoing);
        },
      };
      const respond = async () => {
        try {
          const handler = serving?.handler ?? startingHandler;
          const peer = { ip: incoming.socket.remoteAddress ?? null };
          const response = await handler(requestOf(exchange, body), peer, exchange);
          if (!isHandedOver) await send(response, outgoing, gone.signal);
        } catch (error) {
          await failAnswer(error, exchange);
        } finally {
          account.close();
          if (!isHandedOver) forget();
        }
      };
      void respond().catch(() => outgoing.destroy());
    };
  server.on("request", answer("nothing"));
  server.on("checkContinue", answer("continue"));
  server.on("checkExpectation", answer("unknown"));
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
      bareSockets.destroy();
      return close(server, graceMs);
    },
  };
}

function addressOf({ socket, headers }: IncomingMessage, trustedProxies: readonly string[]): string {
  const forwarded = headers["x-forwarded-for"];
  const list = typeof forwarded === "string" ? forwarded : null;
  return clientAddress(socket.remoteAddress ?? null, list, trustedProxies) ?? unknownAddress;
}

/** Ends a response that the application could not make or that could not be sent. */
async function failAnswer(error: unknown, exchange: Exchange): Promise<void> {
  const { outgoing, gone, log } = exchange;
  if (gone.aborted || error instanceof BodyAborted) {
    outgoing.destroy();
    return;
  }
  const requestId = String(outgoing.getHeader("x-request-id") ?? newId("request"));
  log.error({ requestId, errorName: error instanceof Error ? error.name : typeof error }, "a request failed");
  if (outgoing.headersSent) {
    outgoing.destroy();
    return;
  }
  outgoing.setHeader("x-request-id", requestId);
  leaveRest(exchange);
  await send(refusalResponse(new Unreadable("internal"), requestId), outgoing, gone);
}
