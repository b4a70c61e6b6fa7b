import type { AuthOptions } from "next-auth";
import CredentialsProvider from "next-auth/providers/credentials";
import { Forbidden, Refusal } from "../../core/errors";
import type { Attempt } from "../../identity/attempt";
import type { OpenedSession } from "../../identity/sessions";
import { noSoonerThan } from "../../identity/sign-in/answer-floor";
import { signInMethods } from "../../identity/sign-in/methods";
import { signOut } from "../../identity/sign-in/sign-out";
import { hashOfToken } from "../../identity/tokens";
import { describeError } from "../describe-error";
import { refusalResponse } from "../errors";
import { cookieNames, cookieOptions, csrfTokenOf, decodeSession, encodeSession, isSecure } from "./cookies";
import { runNextAuth } from "./run-next-auth";

/** Where people sign in and out: `/api/auth/…`, which next-auth answers. */
export const signInEndpoint = "/api/auth";

/** A request to sign in or out, read. */
export interface SignInRequest {
  readonly attempt: Attempt;
  readonly method: string;
  /** Below the endpoint, without a slash at either end. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, string>>;
  readonly cookies: Readonly<Record<string, string>>;
  /** The `Origin` header. */
  readonly from: string | null;
}

/** What next-auth is asked for; the rest of its addresses are none of ours. */
const answered = [/^csrf$/, /^callback\/[\w-]+$/, /^signin\/[\w-]+$/, /^signout$/];

/**
 * Signs in, signs out. A form has to come from a page of ours: its `Origin` is ours, and it carries the token that the
 * browser also holds in a cookie.
 */
export async function answerSignIn(request: SignInRequest): Promise<Response> {
  const { attempt, method, path, from } = request;
  const { runtime, requestId, origin } = attempt;
  if (!answered.some((form) => form.test(path)) || (method !== "GET" && method !== "POST")) {
    return Response.json(
      {
        error: {
          message: "There is nothing here.",
          data: { code: "NOT_FOUND", httpStatus: 404, reason: "unknown_path", requestId },
        },
      },
      { status: 404 },
    );
  }
  if (method === "POST" && from !== origin) {
    return refusalResponse(
      new Forbidden("foreign_origin", "This form has to be sent from a page of this origin."),
      requestId,
    );
  }
  const outcome: Outcome = { refusal: null, opened: null };
  const answer = await runNextAuth(
    {
      method,
      segments: path.split("/"),
      query: Object.fromEntries(request.query),
      body: request.body,
      cookies: request.cookies,
      origin,
    },
    optionsFor(request, outcome),
  );
  if (outcome.refusal) return refusalResponse(outcome.refusal, requestId);
  const response = new Response(answer.body, { status: answer.status, headers: answer.headers });
  if (outcome.opened) response.headers.append("set-cookie", csrfCookie(attempt, outcome.opened));
  response.headers.set("cache-control", "no-store");
  runtime.log.debug({ requestId, path, status: answer.status }, "sign-in answered");
  return response;
}

/** What came of a try, past next-auth, which knows only yes and no. */
interface Outcome {
  refusal: Refusal | null;
  opened: OpenedSession | null;
}

function optionsFor({ attempt, body }: SignInRequest, outcome: Outcome): AuthOptions {
  const { runtime, origin, requestId } = attempt;
  const names = cookieNames(origin);
  const options = cookieOptions(origin, runtime);
  const { lifetimes } = runtime.signIn;
  const log = (level: "error" | "warn") => (code: string, details?: unknown) =>
    runtime.log[level]({ requestId, code, error: describeError(details) }, "next-auth");
  return {
    secret: runtime.signer.keys("sign-in")[0],
    useSecureCookies: isSecure(origin),
    session: { strategy: "jwt", maxAge: body.remember === "true" ? lifetimes.remembered : lifetimes.session },
    jwt: {
      encode: async ({ token, maxAge }) =>
        encodeSession(runtime, typeof token?.sid === "string" ? token.sid : "", maxAge ?? lifetimes.session),
      decode: async ({ token }) => {
        const sid = token ? await decodeSession(runtime, token) : null;
        return sid === null ? null : { sid };
      },
    },
    pages: { signIn: "/sign-in", error: "/sign-in", signOut: "/sign-in" },
    cookies: {
      sessionToken: { name: names.session, options },
      csrfToken: { name: names.signInCsrf, options },
      callbackUrl: { name: names.callbackUrl, options },
    },
    providers: signInMethods.map(({ id, signIn }) =>
      CredentialsProvider({
        id,
        name: id,
        credentials: {},
        authorize: async () => {
          try {
            const opened = await noSoonerThan(runtime.signIn.answerFloorMs, () => signIn(attempt, body));
            outcome.opened = opened;
            return { id: opened.userId, sid: opened.token };
          } catch (error) {
            if (!(error instanceof Refusal)) throw error;
            outcome.refusal = error;
            return null;
          }
        },
      }),
    ),
    callbacks: {
      // Nothing but the session's token is in the cookie.
      jwt: async ({ token, user }) => (user && "sid" in user ? { sid: user.sid } : { sid: token.sid }),
      redirect: async ({ url }) => ownAddress(url, origin),
    },
    events: { signOut: async () => signOut(attempt) },
    logger: { error: log("error"), warn: log("warn"), debug: () => undefined },
  };
}

/** Where to go on: a page of ours, or the first one. */
function ownAddress(url: string, origin: string): string {
  try {
    const target = new URL(url, origin);
    return target.origin === origin ? target.href : `${origin}/`;
  } catch {
    return `${origin}/`;
  }
}

/** A page reads this one and sends it back beside the session's own, which it cannot read. */
function csrfCookie({ runtime, origin }: Attempt, { token, maxAge }: OpenedSession): string {
  const { sameSite, secure } = cookieOptions(origin, runtime);
  const value = csrfTokenOf(runtime, hashOfToken(token));
  return [
    `${cookieNames(origin).csrf}=${value}`,
    "Path=/",
    `Max-Age=${maxAge}`,
    `SameSite=${sameSite === "lax" ? "Lax" : "Strict"}`,
    ...(secure ? ["Secure"] : []),
  ].join("; ");
}
