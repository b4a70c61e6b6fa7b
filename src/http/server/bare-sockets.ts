import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { newId } from "#src/platform/ids";
import type { Exchange } from "./exchange";

/** Takes over the socket of a request that asks for an upgrade. */
export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** The sockets that Node hands out: those of upgrades and tunnels, and those whose data it cannot parse. */
export interface BareSockets {
  /** Notes which response a socket carries, because two responses on one socket must not mix. */
  note(socket: Duplex, response: ServerResponse): void;
  /** Closes the sockets that Node no longer counts as its connections. */
  destroy(): void;
}

/** How long a refused upgrade or tunnel stays open to read the response, in milliseconds. */
const refusedForMs = 1_000;

/** The status for each error code of Node's HTTP parser. */
const unreadable: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/**
 * Refuses what reaches no application, with a status and without a body: upgrades (if nothing takes them), tunnels, and
 * data that is not HTTP. Without listeners, Node responds itself, without the security headers.
 * @param upgrade returns what takes upgrades now
 */
export function refuseBareSockets(
  server: Server,
  headers: Exchange["securityHeaders"],
  upgrade: () => Upgrade | undefined,
): BareSockets {
  const answering = new WeakMap<Duplex, ServerResponse>();
  const upgraded = new Set<Duplex>();
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
  const refuse = (socket: Duplex, status: number): void => {
    socket.end(bareAnswer(status, headers));
    const late = setTimeout(() => socket.destroy(), refusedForMs);
    socket.once("close", () => clearTimeout(late));
    socket.resume(); // unread data would keep the socket from emitting `end`
  };
  server.on("upgrade", (request, socket, head) => {
    if (!takeOver(socket)) return;
    const taking = upgrade();
    if (taking) taking(request, socket, head);
    else refuse(socket, 400);
  });
  server.on("connect", (_request, socket) => {
    if (takeOver(socket)) refuse(socket, 405);
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    const answer = answering.get(socket);
    const isBusy = answer?.headersSent && !answer.writableFinished;
    if (error.code === "ECONNRESET" || !socket.writable || isBusy) socket.destroy();
    else refuse(socket, unreadable[error.code ?? ""] ?? 400);
  });
  return {
    note: (socket, response) => void answering.set(socket, response),
    destroy: () => {
      for (const socket of upgraded) socket.destroy();
    },
  };
}

/** Returns a response without a body for a connection that is closed afterwards. */
function bareAnswer(status: number, headers: Exchange["securityHeaders"]): string {
  const lines = [...headers, ["x-request-id", newId("request")], ["content-length", "0"], ["connection", "close"]];
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`;
  return `${head}${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
}
