import type { Handler } from "#src/http/handler";
import { type CallResponse, readCallResponse } from "./call-response";

/** Sends exactly these bytes with exactly these headers, without the help of a client library. */
export async function send(
  handler: Handler,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string | Uint8Array | ReadableStream } = {},
): Promise<CallResponse> {
  const { method = "POST", headers = {}, body } = options;
  const request = new Request(`http://127.0.0.1${path}`, {
    method,
    // Without this, a text body would set its own content type.
    ...(body === undefined
      ? {}
      : { body: typeof body === "string" ? new TextEncoder().encode(body) : body, duplex: "half" }),
    headers,
  } as RequestInit);
  return readCallResponse(await handler(request, { ip: "127.0.0.1" }));
}
