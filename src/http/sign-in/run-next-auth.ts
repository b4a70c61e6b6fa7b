import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import type { Cookies } from "cookie";
import type { NextApiRequest, NextApiResponse } from "next";
import NextAuth, { type AuthOptions } from "next-auth";
import { callbackUrlCookie } from "./cookies";
import { defaultExport } from "./default-export";

const nextAuth = defaultExport(NextAuth);

/** A request as next-auth's handler for Next's pages takes it; it asks for no more than this. */
export interface AuthRequest {
  readonly method: string;
  /** `["callback", "password"]` of `/api/auth/callback/password`. */
  readonly segments: readonly string[];
  readonly body: Readonly<Record<string, string>>;
  readonly cookies: Readonly<Cookies>;
  /** The origin that addresses are made from. */
  readonly origin: string;
}

/** What next-auth answers. */
export interface AuthResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string | null;
}

/**
 * Runs next-auth outside Next, on values. The process has called `prepareForNextAuth` before. The origin is ours: what the
 * caller says of its host is not handed on.
 */
export async function runNextAuth(request: AuthRequest, options: AuthOptions): Promise<AuthResponse> {
  const { host, protocol } = new URL(request.origin);
  const incoming = {
    method: request.method,
    query: { nextauth: [...request.segments] }, // a form says everything in its body
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

/** next-auth fails altogether where the cookie with the address to go on at holds none: anybody can set such a cookie. */
function readableCookies(cookies: AuthRequest["cookies"]): Cookies {
  const isReadable = ([name, value = ""]: [string, string | undefined]) =>
    !name.endsWith(callbackUrlCookie) || (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol));
  return Object.fromEntries(Object.entries(cookies).filter(isReadable));
}

/** Where it sends the browser: by a redirect, or in the body of an answer to `json=true`. */
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

/** A response that goes nowhere; what is written to it is kept. */
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
