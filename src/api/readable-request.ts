import type { TRPC_ERROR_CODE_KEY } from "@trpc/server";

/** The largest body in bytes. */
export const maxBodyBytes = 1024 * 1024;

/** A body that cannot be taken; the answer is the same whoever asks. */
export class Unreadable extends Error {
  constructor(
    readonly status: number,
    readonly code: TRPC_ERROR_CODE_KEY,
    readonly reason: string,
    message: string,
  ) {
    super(message);
  }
}

/** What tRPC reads of a request. Copying all of them takes as long as everything else that is done to a request here. */
const headersOfTrpc = ["content-type", "accept", "trpc-accept"];

const strictUtf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * The request as tRPC takes it. A caller with a key may leave out the content type or send curl's or `fetch`'s default; a body
 * that is left out is an empty object.
 * @param body where it was read already; the request's own otherwise
 * @throws Unreadable 413 over 1 MiB | 400 not UTF-8
 */
export async function readableRequest(request: Request, body?: Uint8Array): Promise<Request> {
  if (request.method !== "POST") return request;
  const declared = Number(request.headers.get("content-length") ?? 0);
  if (declared > maxBodyBytes) throw tooLarge();
  const bytes = body ?? (await bytesOf(request));
  if (bytes.length > maxBodyBytes) throw tooLarge();
  let text: string;
  try {
    text = strictUtf8.decode(bytes);
  } catch {
    throw new Unreadable(400, "BAD_REQUEST", "malformed_body", "The body is not valid UTF-8.");
  }
  const headers: Record<string, string> = {};
  for (const name of headersOfTrpc) {
    const value = request.headers.get(name);
    if (value !== null) headers[name] = value;
  }
  if (takesAnyType(request.headers)) headers["content-type"] = "application/json";
  const json = text.trim() === "" ? "{}" : text;
  return new Request(request.url, { method: "POST", headers, body: json, signal: request.signal });
}

/** What curl and `fetch` say of a body unless they are told. */
const unsaid = new Set(["application/x-www-form-urlencoded", "text/plain"]);

/** A browser cannot set `x-api-key` on another site's behalf, so a form's content type is no danger beside one. */
function takesAnyType(headers: Headers): boolean {
  const type = headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  return !type || (unsaid.has(type) && headers.has("x-api-key"));
}

async function bytesOf(request: Request): Promise<Uint8Array> {
  if (!request.body) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body) {
    size += chunk.byteLength;
    if (size > maxBodyBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(): Unreadable {
  return new Unreadable(413, "PAYLOAD_TOO_LARGE", "body_too_large", "A body may have 1 MiB at most.");
}
