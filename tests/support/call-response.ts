import type { Handler } from "#src/http/handler";

/** A parsed response of a procedure or of a sign-in. */
export interface CallResponse<T = Record<string, unknown>> {
  readonly status: number;
  /** `result.data` of a successful response. */
  readonly data: T;
  readonly error: {
    message: string;
    data: {
      code: string;
      httpStatus: number;
      reason: string;
      requestId: string;
      fields?: Record<string, string>;
      details?: unknown;
    };
  };
  readonly text: string;
  readonly headers: Headers;
}

export type Call = <T = Record<string, unknown>>(procedure: string, input?: unknown) => Promise<CallResponse<T>>;

export interface CallOptions {
  /** The API key; null for no credential. */
  readonly key: string | null;
  readonly ip?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Builds the request that calls a procedure over tRPC. */
export function procedureRequest(
  procedure: string,
  input: unknown,
  { key, headers = {} }: Omit<CallOptions, "ip">,
  url = "http://127.0.0.1",
): Request {
  return new Request(`${url}/api/trpc/${procedure}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(key === null ? {} : { "x-api-key": key }), ...headers },
    body: JSON.stringify(input),
  });
}

/** Returns a function that calls procedures of a handler, without a network. */
export function callsOf(handler: Handler, { key, ip = "127.0.0.1", headers = {} }: CallOptions): Call {
  return async (procedure, input = {}) =>
    readCallResponse(await handler(procedureRequest(procedure, input, { key, headers }), { ip }));
}

/** Returns a function that calls procedures of a server with an API key. */
export function callsOver(url: string, key: string): Call {
  return async (procedure, input = {}) =>
    readCallResponse(await fetch(procedureRequest(procedure, input, { key }, url)));
}

/** Reads and parses a response. A response whose body is not JSON has neither data nor an error. */
export async function readCallResponse<T = Record<string, unknown>>(response: Response): Promise<CallResponse<T>> {
  const text = await response.text();
  const body = readJson(text) as { result?: { data: T }; error?: CallResponse["error"] } | null;
  return {
    status: response.status,
    data: body?.result?.data as T,
    error: body?.error as CallResponse["error"],
    text,
    headers: response.headers,
  };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The status and, for a refusal, the reason. */
export const reasonOf = ({ status, error }: { status: number; error?: { data: { reason: string } } }) => [
  status,
  error?.data.reason,
];

/** Awaits a call that must succeed and returns its data. */
export async function ok<T>(call: Promise<Pick<CallResponse<T>, "status" | "data" | "text">>): Promise<T> {
  const { status, data, text } = await call;
  if (status !== 200) throw new Error(`${status} ${text}`);
  return data;
}
