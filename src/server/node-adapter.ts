import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { maxBodyBytes, ReadRequest } from "../api/readable-request";
import type { ApiHandler } from "../contracts/handler-registration";

/** A URL has to have one; nothing may be concluded from what a caller says that its host is. */
const origin = "http://portcullis.invalid";

/** Answers one of Node's requests by a handler of the web platform's ones. */
export async function answerWith(
  handler: ApiHandler,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  outgoing.once("close", () => {
    if (!outgoing.writableFinished) gone.abort();
  });
  const info = { ip: incoming.socket.remoteAddress ?? null };
  const head = { method: incoming.method ?? "GET", headers: headersOf(incoming), signal: gone.signal };
  const url = `${origin}${incoming.url}`;
  if (hasBody(incoming)) {
    const body = await readBody(incoming);
    // The rest of a body that is too long stays unread, so this connection is of no use afterwards.
    if (body.length > maxBodyBytes) outgoing.setHeader("connection", "close");
    await send(await handler(new ReadRequest(url, head, body), info), outgoing);
  } else {
    await send(await handler(new Request(url, head), info), outgoing);
  }
  if (!incoming.complete) endSoon(incoming);
}

/** How long the rest of a body that was refused is taken and thrown away, in milliseconds. */
const drainMs = 1_000;

/** A connection that is closed at once would take the answer with it, before a caller who still sends has read it. */
function endSoon(incoming: IncomingMessage): void {
  const timer = setTimeout(() => incoming.socket.destroy(), drainMs);
  incoming.socket.once("close", () => clearTimeout(timer));
  incoming.once("end", () => clearTimeout(timer));
  incoming.resume();
}

function hasBody({ method, headers }: IncomingMessage): boolean {
  if (method === "GET" || method === "HEAD") return false;
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

/** The body, or a little more than a body may have: enough for the handler to refuse it, never all of it. */
async function readBody(incoming: IncomingMessage): Promise<Buffer<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  if (Number(incoming.headers["content-length"] ?? 0) > maxBodyBytes) return Buffer.alloc(maxBodyBytes + 1);
  for await (const chunk of incoming.iterator({ destroyOnReturn: false })) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > maxBodyBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, maxBodyBytes + 1);
}

function headersOf({ rawHeaders }: IncomingMessage): [string, string][] {
  const headers: [string, string][] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) headers.push([rawHeaders[at] ?? "", rawHeaders[at + 1] ?? ""]);
  return headers;
}

async function send(response: Response, outgoing: ServerResponse): Promise<void> {
  outgoing.statusCode = response.status;
  response.headers.forEach((value, name) => {
    if (name === "set-cookie") outgoing.setHeader(name, response.headers.getSetCookie());
    else outgoing.setHeader(name, value);
  });
  if (response.body !== null && isStreamed(response.headers)) {
    await pipeline(Readable.fromWeb(response.body as ReadableStream), outgoing);
  } else {
    outgoing.end(Buffer.from(await response.arrayBuffer())); // in one piece: it is small, and gets its length
  }
}

/** What is not over soon, or too long to be held: events, and files. */
function isStreamed(headers: Headers): boolean {
  return headers.get("content-type")?.startsWith("text/event-stream") === true || headers.has("content-disposition");
}
