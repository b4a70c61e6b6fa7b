import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import type { ApiHandler } from "../../platform/contract/api-handler";
import { type ArrivingBody, ArrivingRequest } from "../readable-request";
import { hasBody } from "./incoming-body";

/** A URL has to have one; nothing may be concluded from what a caller says that its host is. */
const origin = "http://portcullis.invalid";

/** One of Node's requests, with what the server keeps of it. */
export interface NodeExchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly body: ArrivingBody;
  /** Aborted when the connection is gone before the answer is. */
  readonly gone: AbortSignal;
}

/**
 * Answers one of Node's requests by a handler of the web platform's ones.
 * @throws what reading the body throws, and whatever the handler throws
 */
export async function answerWith(handler: ApiHandler, { incoming, outgoing, body, gone }: NodeExchange): Promise<void> {
  const info = { ip: incoming.socket.remoteAddress ?? null };
  const head = { method: incoming.method ?? "GET", headers: headersOf(incoming), signal: gone };
  const response = await handler(new ArrivingRequest(`${origin}${incoming.url}`, head, body), info);
  leaveRest(incoming, outgoing);
  await send(response, outgoing, gone);
}

/** How long the rest of a body that nobody reads is taken and thrown away, in milliseconds. */
const drainMs = 1_000;

/**
 * Gives up what has not arrived of a request. Its connection is of no use afterwards, and is closed when a caller who
 * still sends has had time to read the answer: closed at once, it would take the answer with it.
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

/** Milliseconds in which a caller has to take some of an answer: nobody keeps one in memory by not reading it. */
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
    outgoing.end(Buffer.from(await response.arrayBuffer())); // in one piece: it is small, and gets its length
  }
}

/** What is not over soon, or too long to be held: events, and files. */
function isStreamed(headers: Headers): boolean {
  return headers.get("content-type")?.startsWith("text/event-stream") === true || headers.has("content-disposition");
}
