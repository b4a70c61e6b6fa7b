import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import type { ApiHandler } from "../../platform/contract/api-handler";
import { type ArrivingBody, ArrivingRequest } from "../readable-request";
import { hasBody } from "./incoming-body";

/** A URL requires an origin. This fixed one prevents that code relies on the `Host` header of a caller. */
const origin = "http://portcullis.invalid";

/** A Node request with the server's state for it. */
export interface NodeExchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly body: ArrivingBody;
  /** Aborts if the connection closes before the response is complete. */
  readonly gone: AbortSignal;
}

/**
 * Answers a Node request with a handler for platform `Request` objects.
 * @throws every error of the body and of the handler
 */
export async function answerWith(handler: ApiHandler, { incoming, outgoing, body, gone }: NodeExchange): Promise<void> {
  const info = { ip: incoming.socket.remoteAddress ?? null };
  const head = { method: incoming.method ?? "GET", headers: headersOf(incoming), signal: gone };
  const response = await handler(new ArrivingRequest(`${origin}${incoming.url}`, head, body), info);
  leaveRest(incoming, outgoing);
  await send(response, outgoing, gone);
}

/** How long the unread rest of a body is received and discarded, in milliseconds. */
const drainMs = 1_000;

/**
 * Abandons the part of a request that has not arrived, and closes its connection after a delay. A caller that still
 * sends needs this time to read the response: an immediate close would discard it.
 */
export function leaveRest(incoming: IncomingMessage, outgoing: ServerResponse): void {
  if (incoming.complete || !hasBody(incoming)) return;
  if (!outgoing.headersSent) outgoing.setHeader("connection", "close");
  const timer = setTimeout(() => incoming.socket.destroy(), drainMs);
  incoming.socket.once("close", () => clearTimeout(timer));
  incoming.once("end", () => clearTimeout(timer));
  incoming.resume();
}

function headersOf({ rawHeaders }: IncomingMessage): [string, string][] {
  const headers: [string, string][] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) headers.push([rawHeaders[at] ?? "", rawHeaders[at + 1] ?? ""]);
  return headers;
}

/**
 * The timeout for a caller that stops reading a response, in milliseconds. Without it, slow readers could fill the
 * memory.
 */
export const stalledAfterMs = 60_000;

async function send(response: Response, outgoing: ServerResponse, gone: AbortSignal): Promise<void> {
  outgoing.statusCode = response.status;
  response.headers.forEach((value, name) => {
    if (name === "set-cookie") outgoing.setHeader(name, response.headers.getSetCookie());
    else outgoing.setHeader(name, value);
  });
  outgoing.setTimeout(stalledAfterMs);
  if (response.body !== null && isStreamed(response.headers)) {
    await pipeline(Readable.fromWeb(response.body as ReadableStream), outgoing, { signal: gone });
  } else {
    outgoing.end(Buffer.from(await response.arrayBuffer())); // in one piece: it is small, and gets a `Content-Length`
  }
}

/** Returns whether a response is sent as a stream: events and files, which last long or are too large for memory. */
function isStreamed(headers: Headers): boolean {
  return headers.get("content-type")?.startsWith("text/event-stream") === true || headers.has("content-disposition");
}
