import type { Rule } from "../environment";
import type { Exchange } from "../server/exchange";
import { hasBody } from "../server/incoming-body";

/** How long the unread rest of a body is received and discarded, in milliseconds. */
const drainMs = 1_000;

/** A response does not wait for the rest of a body that nothing reads. */
export const drain: Rule = async (context, next) => {
  await next();
  const { exchange } = context.env;
  if (exchange !== null && !context.get("isPage")) leaveRest(exchange);
};

/**
 * Abandons the part of a request that has not arrived, and closes its connection after a delay. A caller that still
 * sends needs this time to read the response: an immediate close would discard it.
 */
export function leaveRest({ incoming, outgoing }: Pick<Exchange, "incoming" | "outgoing">): void {
  if (incoming.complete || !hasBody(incoming)) return;
  if (!outgoing.headersSent) outgoing.setHeader("connection", "close");
  const timer = setTimeout(() => incoming.socket.destroy(), drainMs);
  incoming.socket.once("close", () => clearTimeout(timer));
  incoming.once("end", () => clearTimeout(timer));
  incoming.resume();
}
