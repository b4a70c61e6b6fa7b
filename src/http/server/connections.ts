import type { Server } from "node:http";
import type { Socket } from "node:net";
import { type Bounds, Slots } from "../../platform/fair-share";
import { isAmong } from "../../platform/net/addresses";

/** How many connections may be open at once; `perOwner` is the share of an address. */
export interface ConnectionBounds extends Bounds {
  /** Connections beyond the bound, which get one answer: `/healthz` the usual one, the rest 503. */
  readonly surplus: number;
  /** Addresses and networks that many callers have in common, and that have no share: those of the proxies. */
  readonly shared: readonly string[];
}

/** The open connections of a server. */
export interface Connections {
  /** Whether a connection came when the bound was reached: it gets one answer, and is closed. */
  isSurplus(socket: object): boolean;
  /** Called once, when the connection of a request is gone. */
  onGone(socket: object, listener: () => void): () => void;
}

/**
 * Counts a server's connections. One beyond the bound is not refused unheard: it is answered once, so that a health check
 * succeeds while somebody holds all connections. Of those the oldest makes room for the newest.
 */
export function boundConnections(server: Server, { surplus: most, shared, ...bounds }: ConnectionBounds): Connections {
  const slots = new Slots(bounds);
  const surplus = new Set<Socket>();
  const listeners = new WeakMap<object, Set<() => void>>();
  let count = 0;
  server.on("connection", (socket: Socket) => {
    // Node listens for errors while the socket is HTTP, and no longer once it has handed it over.
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
