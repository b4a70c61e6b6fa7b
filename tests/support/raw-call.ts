import type { Handler } from "../../src/http/handler";

export interface RawAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
  /** The body parsed as JSON, or null if it is not JSON. */
  readonly body: {
    readonly result?: { readonly data: Record<string, unknown> };
    readonly error?: { readonly message: string; readonly data: Record<string, unknown> };
  } | null;
}

/** Sends exactly these bytes with exactly these headers, without the help of a client library. */
export async function send(
  handler: Handler,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string | Uint8Array | ReadableStream } = {},
): Promise<RawAnswer> {
  const { method = "POST", headers = {}, body } = options;
  const request = new Request(`http://127.0.0.1${path}`, {
    method,
    // Without this, a text body would set its own content type.
    ...(body === undefined
      ? {}
      : { body: typeof body === "string" ? new TextEncoder().encode(body) : body, duplex: "half" }),
    headers,
  } as RequestInit);
  const response = await handler(request, { ip: "127.0.0.1" });
  const text = await response.text();
  return { status: response.status, text, headers: response.headers, body: readJson(text) };
}

function readJson(text: string): RawAnswer["body"] {
  try {
    return JSON.parse(text) as RawAnswer["body"];
  } catch {
    return null;
  }
}
