/** A parsed response of a procedure. */
export interface CallResponse<T = Record<string, unknown>> {
  readonly status: number;
  /** `result.data` of a successful response. */
  readonly data: T;
  readonly error: {
    message: string;
    data: { code: string; httpStatus: number; reason: string; requestId: string; fields?: Record<string, string> };
  };
  readonly text: string;
  readonly headers: Headers;
}

export type Call = <T = Record<string, unknown>>(procedure: string, input?: unknown) => Promise<CallResponse<T>>;

/** Builds the request that calls a procedure over tRPC. */
export function procedureRequest(
  procedure: string,
  input: unknown,
  { key = null, headers = {} }: { readonly key?: string | null; readonly headers?: Record<string, string> } = {},
  url = "http://127.0.0.1",
): Request {
  return new Request(`${url}/api/trpc/${procedure}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(key === null ? {} : { "x-api-key": key }), ...headers },
    body: JSON.stringify(input),
  });
}

/** Reads and parses the response of a procedure. */
export async function readCallResponse<T>(response: Response): Promise<CallResponse<T>> {
  const text = await response.text();
  const body = JSON.parse(text) as { result?: { data: T }; error?: CallResponse["error"] };
  return {
    status: response.status,
    data: body.result?.data as T,
    error: body.error as CallResponse["error"],
    text,
    headers: response.headers,
  };
}
