import type { TRPC_ERROR_CODE_KEY } from "@trpc/server";
import { z } from "zod";

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

/** A request whose body is at hand: spares making a stream of it and reading that again, the dearest part of a request. */
export class ReadRequest extends Request {
  #text: string | null = null;
  readonly #signal: AbortSignal;

  constructor(
    url: string,
    { signal, ...head }: Omit<RequestInit, "body" | "signal"> & { readonly signal: AbortSignal },
    readonly whole: Uint8Array,
  ) {
    super(url, head);
    this.#signal = signal;
  }

  /** The caller's own: the platform would make one that follows it. */
  override get signal(): AbortSignal {
    return this.#signal;
  }

  /** Decodes the body strictly; one that is left out is an empty object. @throws Unreadable 413 over 1 MiB | 400 not UTF-8 */
  decode(): void {
    if (this.whole.length > maxBodyBytes) throw tooLarge();
    try {
      const text = strictUtf8.decode(this.whole);
      this.#text = text.trim() === "" ? "{}" : text;
    } catch {
      throw new Unreadable(400, "BAD_REQUEST", "malformed_body", "The body is not valid UTF-8.");
    }
  }

  override async text(): Promise<string> {
    return this.#text ?? new TextDecoder().decode(this.whole);
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    return Uint8Array.from(this.whole).buffer;
  }
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * The request as tRPC takes it. A caller with a key may leave out the content type or send curl's or `fetch`'s default;
 * a body that is left out is an empty object.
 * @throws Unreadable 413 over 1 MiB | 400 not UTF-8
 */
export async function readableRequest(request: Request): Promise<Request> {
  if (request.method !== "POST") return request;
  if (Number(request.headers.get("content-length") ?? 0) > maxBodyBytes) throw tooLarge();
  const readable = request instanceof ReadRequest ? request : await read(request);
  readable.decode();
  if (takesAnyType(readable.headers)) readable.headers.set("content-type", "application/json");
  return readable;
}

/**
 * What a form sent, as text by name: as browsers encode forms, or as a flat JSON object of text.
 * @throws Unreadable 413 over 1 MiB | 400 not UTF-8, or neither of the two
 */
export async function readForm(request: Request): Promise<Record<string, string>> {
  if (Number(request.headers.get("content-length") ?? 0) > maxBodyBytes) throw tooLarge();
  const readable = request instanceof ReadRequest ? request : await read(request);
  readable.decode();
  const text = await readable.text();
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type === "application/x-www-form-urlencoded") return Object.fromEntries(new URLSearchParams(text));
  if (type === "application/json") {
    const fields = flat.safeParse(parsed(text));
    if (fields.success) return fields.data;
  }
  throw new Unreadable(400, "BAD_REQUEST", "malformed_request", "The form cannot be read.");
}

const flat = z.record(z.string(), z.string());

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function read(request: Request): Promise<ReadRequest> {
  const { url, headers, signal } = request;
  return new ReadRequest(url, { method: "POST", headers: new Headers(headers), signal }, await bytesOf(request));
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
