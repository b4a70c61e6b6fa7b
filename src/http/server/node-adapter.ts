import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { type ArrivingBody, ArrivingRequest } from "../readable-request";
import type { Exchange } from "./exchange";

/** A URL requires an origin. This fixed one prevents that code relies on the `Host` header of a caller. */
const origin = "http://portcullis.invalid";

/** Returns a Node request as a platform `Request`. */
export function requestOf({ incoming, target, gone }: Exchange, body: ArrivingBody): Request {
  const { method = "GET", url = "" } = incoming;
  const headers = headersOf(incoming);
  if (target.ok && method !== "TRACE")
    return new ArrivingRequest(`${origin}${url}`, { method, headers, signal: gone }, body);
  return new UnsupportedRequest(url, method, headers);
}

/**
 * A request whose target or method the platform's `Request` does not accept. The application refuses it; the router
 * reads its path, which determines the form of the refusal.
 */
class UnsupportedRequest extends Request {
  readonly #url: string;
  readonly #method: string;

  constructor(target: string, method: string, headers: [string, string][]) {
    super(origin, { headers });
    this.#url = target.startsWith("/") ? `${origin}${target}` : super.url;
    this.#method = method;
  }

  override get url(): string {
    return this.#url;
  }

  override get method(): string {
    return this.#method;
  }
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

/** Sends a response. @throws every error of its body */
export async function send(response: Response, outgoing: ServerResponse, gone: AbortSignal): Promise<void> {
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
