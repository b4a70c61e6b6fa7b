import { z } from "zod";
import type { TransportReason } from "../platform/errors/reasons";
import { ReasonedError } from "../platform/errors/refusal";

/** The maximum size of a body in bytes. */
export const maxBodyBytes = 1024 * 1024;

/** The maximum body size of an unknown caller in bytes. It is enough for the form of a page. */
export const strangersBodyBytes = 16 * 1024;

/** Methods whose request bodies are read. */
export const bodyMethods: ReadonlySet<string> = new Set(["POST", "PATCH", "PUT"]);

/** The request is malformed, or no endpoint accepts it; the response is the same for every caller. */
export class Unreadable<R extends TransportReason = TransportReason> extends ReasonedError<R> {}

/** The path exists but does not support this method. */
export class MethodNotAllowed extends Unreadable<"method_not_supported"> {
  constructor(
    /** For the header `Allow`. */
    readonly allowed: readonly string[],
  ) {
    super("method_not_supported", { allowed });
  }
}

/** The caller disconnected before the whole body arrived, so no response can be sent. */
export class BodyAborted extends Error {
  override readonly name = "BodyAborted";
}

/** A body that is read on demand. */
export interface ArrivingBody {
  /**
   * Reads until more than `limit` bytes have arrived, or until the end.
   * @returns the bytes that arrived so far (never much more than `limit`), and whether they are the whole body
   * @throws Unreadable `body_too_slow` | Refusal `overloaded` | BodyAborted
   */
  read(limit: number): Promise<{ readonly bytes: Uint8Array; readonly isWhole: boolean }>;
  /** Counts the body against this organization, now that the caller is known. @throws Refusal `overloaded` */
  recognize(organizationId: string): void;
}

/**
 * A request of the server. It avoids wrapping the body in a stream and reading it again, the costliest part of a
 * request.
 */
export class ArrivingRequest extends Request {
  #text: string | null = null;
  readonly #signal: AbortSignal;

  constructor(
    url: string,
    { signal, ...head }: Omit<RequestInit, "body" | "signal"> & { readonly signal: AbortSignal },
    readonly arriving: ArrivingBody,
  ) {
    super(url, head);
    this.#signal = signal;
  }

  /** The signal of the caller itself: the platform would create a dependent signal. */
  override get signal(): AbortSignal {
    return this.#signal;
  }

  /** Decodes the body strictly; a missing body is an empty object. @throws Unreadable 400 not UTF-8 */
  decode(body: Uint8Array): void {
    try {
      const text = strictUtf8.decode(body);
      this.#text = text.trim() === "" ? "{}" : text;
    } catch {
      throw new Unreadable("malformed_body");
    }
  }

  override async text(): Promise<string> {
    return this.#text ?? new TextDecoder().decode(await this.#all());
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    return Uint8Array.from(await this.#all()).buffer;
  }

  async #all(): Promise<Uint8Array> {
    requireDeclared(this, maxBodyBytes);
    const { bytes, isWhole } = await this.arriving.read(maxBodyBytes);
    if (!isWhole) throw tooLarge(maxBodyBytes);
    return bytes;
  }
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Returns the request in the form that tRPC accepts. A caller with an API key may omit the content type or send the
 * default of curl or `fetch`; a missing body is an empty object.
 * @param recognize called before a body is read that exceeds the limit for unknown callers. It resolves with the
 *   caller's organization, and throws if the caller is unknown
 * @throws Unreadable 413 over 1 MiB | 400 not UTF-8 | 408 too slow
 */
export async function readableRequest(request: Request, recognize: () => Promise<string>): Promise<Request> {
  if (!bodyMethods.has(request.method)) return request;
  requireDeclared(request, maxBodyBytes);
  const readable = arriving(request);
  const isDeclaredLarge = declaredBytes(request) > strangersBodyBytes;
  const first = isDeclaredLarge ? null : await readable.arriving.read(strangersBodyBytes);
  if (first?.isWhole) {
    readable.decode(first.bytes);
  } else {
    readable.arriving.recognize(await recognize());
    const { bytes, isWhole } = await readable.arriving.read(maxBodyBytes);
    if (!isWhole) throw tooLarge(maxBodyBytes);
    readable.decode(bytes);
  }
  if (acceptsAnyContentType(readable.headers)) readable.headers.set("content-type", "application/json");
  return readable;
}

/**
 * Returns the fields of a form as text by name. The form is URL-encoded or a flat JSON object of strings. A repeated
 * field is refused, because parsers disagree about which value counts.
 * @throws Unreadable 413 over 16 KiB | 400 not UTF-8, a repeated field, or no form | 408 too slow
 */
export async function readForm(request: Request): Promise<Record<string, string>> {
  requireDeclared(request, strangersBodyBytes);
  const readable = arriving(request);
  const { bytes, isWhole } = await readable.arriving.read(strangersBodyBytes);
  if (!isWhole) throw tooLarge(strangersBodyBytes);
  readable.decode(bytes);
  const text = await readable.text();
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type === "application/x-www-form-urlencoded") {
    const fields = new URLSearchParams(text);
    if (repeatedNames(fields).length === 0) return Object.fromEntries(fields);
  }
  if (type === "application/json") {
    const fields = flat.safeParse(parsed(text));
    if (fields.success) return fields.data;
  }
  throw new Unreadable("malformed_request", {
    problem: "its form is neither URL-encoded nor a flat JSON object, or has a field twice",
  });
}

/** Returns the names that occur more than once in a query or a form. */
export function repeatedNames(fields: URLSearchParams): string[] {
  const names = [...fields.keys()];
  return [...new Set(names.filter((name, at) => names.indexOf(name) !== at))];
}

const flat = z.record(z.string(), z.string());

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function declaredBytes({ headers }: Request): number {
  return Number(headers.get("content-length") ?? 0);
}

function requireDeclared(request: Request, most: number): void {
  if (declaredBytes(request) > most) throw tooLarge(most);
}

/** Also wraps a platform `Request`, whose body is a stream. */
function arriving(request: Request): ArrivingRequest {
  if (request instanceof ArrivingRequest) return request;
  const { url, method, headers, signal, body } = request;
  return new ArrivingRequest(url, { method, headers: new Headers(headers), signal }, streamedBody(body));
}

function streamedBody(stream: Request["body"]): ArrivingBody {
  const reader = stream?.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  let isWhole = reader === undefined;
  return {
    read: async (limit) => {
      while (!isWhole && size <= limit) {
        const next = await reader?.read();
        if (next?.value) {
          chunks.push(next.value);
          size += next.value.byteLength;
        }
        isWhole = next === undefined || next.done;
      }
      return { bytes: Buffer.concat(chunks), isWhole: isWhole && size <= limit };
    },
    recognize: () => undefined,
  };
}

/** The content types that curl and `fetch` send by default. */
const defaultContentTypes = new Set(["application/x-www-form-urlencoded", "text/plain"]);

/** A cross-site form cannot set `x-api-key`, so the content type of a form is safe together with an API key. */
function acceptsAnyContentType(headers: Headers): boolean {
  const type = headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  return !type || (defaultContentTypes.has(type) && headers.has("x-api-key"));
}

function tooLarge(most: number): Unreadable {
  return new Unreadable("body_too_large", { most });
}
