import type { Server } from "node:http";
import type { Socket } from "node:net";
import { type Bounds, Slots } from "#src/platform/fair-share";
import { isAmong } from "#src/platform/net/addresses";

/** The limit of open connections; `perOwner` is the share of one address. */
export interface ConnectionBounds extends Bounds {
  /** Connections above the limit that get one response each: the usual response for `/healthz`, 503 for the rest. */
  readonly surplus: number;
  /**
   * Addresses and networks that many callers share, those of the proxies. The share of one address does not apply to
   * them.
   */
  readonly shared: readonly string[];
}

/** Tracks the open connections of a server. */
export interface Connections {
  /** Returns whether a connection is above the limit: it gets one response, and is closed. */
  isSurplus(socket: object): boolean;
  /**
   * Calls `listener` once, when the connection of a request is closed. @returns a function that removes the listener
   */
  onGone(socket: object, listener: () => void): () => void;
}

/**
 * Limits the connections of a server. A connection above the limit still gets one response, so that a health check
 * succeeds while one caller holds all connections. If there are too many of these, the oldest one is closed first.
 */
export function boundConnections(server: Server, { surplus: most, shared, ...bounds }: ConnectionBounds): Connections {
  const slots = new Slots(bounds);
  const surplus = new Set<Socket>();
  const listeners = new WeakMap<object, Set<() => void>>();
  let count = 0;
  server.on("connection", (socket: Socket) => {
    // Node handles errors of a socket only while the socket is HTTP, not after it passes the socket on.
    socket.on("error", () => undefined);
    const whenGone = new Set<() => void>();
    listeners.set(socket, whenGone);
    const address = socket.remoteAddress ?? "unknown";
    count += 1;
    const taken = slots.take(isAmong(address, shared) ? `shared ${count}` : address);
    if (typeof taken === "string") {
      surplus.add(socket);
      const [oldest] = surplus;
      if (surplus.size > most) oldest?.destroy();
    }
    socket.once("close", () => {
      if (typeof taken === "function") taken();
      surplus.delete(socket);
      for (const listener of whenGone) listener();
      whenGone.clear();
    });
  });
  return {
    isSurplus: (socket) => surplus.has(socket as Socket),
    onGone: (socket, listener) => {
      const whenGone = listeners.get(socket);
      whenGone?.add(listener);
      return () => whenGone?.delete(listener);
    },
  };
}
