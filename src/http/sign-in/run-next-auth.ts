import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import type { Cookies } from "cookie";
import type { NextApiRequest, NextApiResponse } from "next";
import NextAuth, { type AuthOptions } from "next-auth";
import { callbackUrlCookie } from "./cookies";
import { defaultExport } from "./default-export";

const nextAuth = defaultExport(NextAuth);

/** The parts of a request that next-auth's handler for Next's pages router reads. */
export interface AuthRequest {
  readonly method: string;
  /** `["callback", "password"]` of `/api/auth/callback/password`. */
  readonly segments: readonly string[];
  readonly body: Readonly<Record<string, string>>;
  readonly cookies: Readonly<Cookies>;
  /** The origin of all generated addresses. */
  readonly origin: string;
}

/** The response of next-auth. */
export interface AuthResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string | null;
}

/**
 * Runs next-auth outside Next, on plain values. The process must have called `prepareForNextAuth` before. The origin
 * comes from the settings; the `Host` header of the caller is not passed on.
 */
export async function runNextAuth(request: AuthRequest, options: AuthOptions): Promise<AuthResponse> {
  const { host, protocol } = new URL(request.origin);
  const incoming = {
    method: request.method,
    query: { nextauth: [...request.segments] }, // a form sends everything in its body
    body: request.body,
    cookies: readableCookies(request.cookies),
    headers: { "x-forwarded-host": host, "x-forwarded-proto": protocol.slice(0, -1) },
  } as Partial<NextApiRequest> as NextApiRequest;
  const answer = newAnswer();
  await nextAuth(incoming, answer.response as Partial<NextApiResponse> as NextApiResponse, options);
  const headers = new Headers();
  for (const [name, value] of Object.entries(answer.response.getHeaders())) {
    for (const each of Array.isArray(value) ? value : [String(value)]) headers.append(name, each);
  }
  return { status: answer.response.statusCode, headers, body: answer.body() };
}

/** Drops an invalid return address cookie: next-auth fails completely on it, and anyone can set such a cookie. */
function readableCookies(cookies: AuthRequest["cookies"]): Cookies {
  const isReadable = ([name, value = ""]: [string, string | undefined]) =>
    !name.endsWith(callbackUrlCookie) || (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol));
  return Object.fromEntries(Object.entries(cookies).filter(isReadable));
}

/** Returns the address to which next-auth sends the browser: by a redirect, or in the body for `json=true`. */
export function targetOf({ body, headers }: AuthResponse): URL | null {
  const location = headers.get("location") ?? addressIn(body);
  return typeof location === "string" && URL.canParse(location) ? new URL(location) : null;
}

function addressIn(body: string | null): unknown {
  try {
    return body === null ? null : (JSON.parse(body) as { url?: unknown } | null)?.url;
  } catch {
    return null; // a failure in plain text
  }
}

/** Creates a response object that records what is written to it. */
function newAnswer() {
  let body: string | null = null;
  const plain = new ServerResponse(new IncomingMessage(new Socket()));
  const response = Object.assign(plain, {
    status(code: number) {
      plain.statusCode = code;
      return response;
    },
    json(value: unknown) {
      plain.setHeader("content-type", "application/json");
      body = JSON.stringify(value);
    },
    send(value: unknown) {
      if (typeof value === "string") body = value;
      else if (value !== undefined && value !== null) response.json(value);
    },
  });
  return { response, body: () => body };
}
