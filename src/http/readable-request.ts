import { z } from "zod";
import type { TransportReason } from "../platform/errors/reasons";
import { ReasonedError } from "../platform/errors/refusal";

/** The largest body in bytes. */
export const maxBodyBytes = 1024 * 1024;

/** The largest body of a caller who is not known yet, in bytes: a form of a page, or what a person types. */
export const strangersBodyBytes = 16 * 1024;

/** Methods whose requests have a body that is read. */
export const bodyMethods: ReadonlySet<string> = new Set(["POST", "PATCH", "PUT"]);

/** A request that cannot be read, or that no endpoint takes; the response is the same for every caller. */
export class Unreadable<R extends TransportReason = TransportReason> extends ReasonedError<R> {}

/** The path exists, and this method of it does not. */
export class MethodNotAllowed extends Unreadable<"method_not_supported"> {
  constructor(
    /** For the header `Allow`. */
    readonly allowed: readonly string[],
  ) {
    super("method_not_supported", { allowed });
  }
}

/** The caller went away before the whole body had arrived: there is nobody to answer. */
export class BodyAborted extends Error {
  override readonly name = "BodyAborted";
}

/** A body, read no further than it is asked for. */
export interface ArrivingBody {
  /**
   * Reads on until more than `limit` bytes have arrived, or the end.
   * @returns what has arrived so far (never much more than `limit`), and whether that is all of it
   * @throws Unreadable `body_too_slow` | Refusal `overloaded` | BodyAborted
   */
  read(limit: number): Promise<{ readonly bytes: Uint8Array; readonly isWhole: boolean }>;
  /** The caller is known: the rest counts as this organization's. @throws Refusal `overloaded` */
  recognize(organizationId: string): void;
}

/** A request of the server: spares making a stream of its body and reading that again, the dearest part of a request. */
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

  /** The caller's own: the platform would make one that follows it. */
  override get signal(): AbortSignal {
    return this.#signal;
  }

  /** Decodes the body strictly; one that is left out is an empty object. @throws Unreadable 400 not UTF-8 */
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
 * The request as tRPC takes it. A caller with a key may leave out the content type or send curl's or `fetch`'s default;
 * a body that is left out is an empty object.
 * @param recognize called before a body is read that is larger than a stranger's may be. It resolves with the caller's
 *   organization, and throws when nobody knows the caller
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
  if (takesAnyType(readable.headers)) readable.headers.set("content-type", "application/json");
  return readable;
}

/**
 * What a form sent, as text by name: as browsers encode forms, or as a flat JSON object of text. A form has no field
 * twice: which of the two counts would depend on who reads it.
 * @throws Unreadable 413 over 16 KiB | 400 not UTF-8, a field twice, or no form | 408 too slow
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

/** Names that a query or a form has more than once. */
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

/** Also for a request of the platform, whose body is a stream. */
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

/** What curl and `fetch` say of a body unless they are told. */
const unsaid = new Set(["application/x-www-form-urlencoded", "text/plain"]);

/** A browser cannot set `x-api-key` on another site's behalf, so a form's content type is no danger beside one. */
function takesAnyType(headers: Headers): boolean {
  const type = headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  return !type || (unsaid.has(type) && headers.has("x-api-key"));
}

function tooLarge(most: number): Unreadable {
  return new Unreadable("body_too_large", { most });
}
