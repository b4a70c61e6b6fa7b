import { parseSetCookie, stringifyCookie } from "cookie";
import { type CallResponse, readCallResponse } from "./call-response";
import { testOrigin, type World } from "./world";

/** Behaves like a browser, without one: it keeps cookies, and sends `Origin` with every change. */
export interface Browser {
  readonly cookies: Map<string, string>;
  /** Sends one request to a path of the origin. */
  fetch(path: string, init?: { method?: string; headers?: Record<string, string>; body?: string }): Promise<Response>;
  /** Signs in through a form, with the form's own token. */
  signIn(method: string, fields: Record<string, string>): Promise<CallResponse>;
  signOut(): Promise<Response>;
  /** Calls a procedure with the cookie and the session's token. */
  call<T = Record<string, unknown>>(
    procedure: string,
    input?: unknown,
    headers?: Record<string, string>,
  ): Promise<CallResponse<T>>;
  /** Reads the token that the sign-in forms send. */
  formToken(): Promise<string>;
}

/** @param options the origin and the client's address; the default is the public origin */
export function openBrowser(
  world: Pick<World, "handler">,
  options: { origin?: string; ip?: string; userAgent?: string } = {},
): Browser {
  const { origin = testOrigin, ip = "203.0.113.7", userAgent = "Test/1" } = options;
  const cookies = new Map<string, string>();
  const browser: Browser = {
    cookies,
    async fetch(path, { method = "GET", headers = {}, body } = {}) {
      const request = new Request(`${origin}${path}`, {
        method,
        headers: {
          host: new URL(origin).host,
          "user-agent": userAgent,
          ...(cookies.size > 0 ? { cookie: cookieHeader(cookies) } : {}),
          ...(method === "GET" ? {} : { origin }),
          ...headers,
        },
        ...(body === undefined ? {} : { body }),
      });
      const response = await world.handler(request, { ip });
      for (const line of response.headers.getSetCookie()) keep(cookies, line);
      return response;
    },
    async signIn(method, fields) {
      const csrfToken = await browser.formToken();
      const response = await browser.fetch(`/api/auth/callback/${method}`, {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams({ ...fields, csrfToken, json: "true" }).toString(),
      });
      return readCallResponse(response);
    },
    async signOut() {
      const csrfToken = await browser.formToken();
      return browser.fetch("/api/auth/signout", {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams({ csrfToken, json: "true" }).toString(),
      });
    },
    async call<T>(procedure: string, input: unknown = {}, headers: Record<string, string> = {}) {
      const csrf = [...cookies].find(([name]) => name.endsWith("portcullis.csrf"))?.[1] ?? "";
      return readCallResponse<T>(
        await browser.fetch(`/api/trpc/${procedure}`, {
          method: "POST",
          headers: { "content-type": "application/json", "x-csrf-token": csrf, ...headers },
          body: JSON.stringify(input),
        }),
      );
    },
    async formToken() {
      const response = await browser.fetch("/api/auth/csrf");
      const { csrfToken } = (await response.json()) as { csrfToken: string };
      return csrfToken;
    },
  };
  return browser;
}

/** Does not encode or decode values, as browsers do not. */
const asIs = (value: string) => value;

/** Stores the cookie of one `Set-Cookie` line. */
export function keep(cookies: Map<string, string>, line: string): void {
  const { name, value = "", maxAge, expires } = parseSetCookie(line, { decode: asIs });
  if (maxAge === 0 || (expires !== undefined && expires <= new Date())) cookies.delete(name);
  else cookies.set(name, value);
}

export function cookieHeader(cookies: ReadonlyMap<string, string>): string {
  return stringifyCookie(Object.fromEntries(cookies), { encode: asIs });
}
