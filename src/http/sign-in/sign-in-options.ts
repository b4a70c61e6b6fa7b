import type { AuthOptions } from "next-auth";
import type { SignInContext } from "#src/identity/sign-in-context";
import { describeError } from "../describe-error";
import { cookieNames, cookieOptions, decodeSession, encodeSession, isSecure } from "./cookies";

/**
 * Returns the next-auth options for every form: with this product's cookies, and a session cookie that contains only
 * the session token.
 * @param remember whether the session cookie has the lifetime that the settings define for "remember me"
 * @param sidOf returns the token of the session that was opened; undefined if no session was opened
 */
export function commonOptions(
  { runtime, origin, requestId }: SignInContext,
  remember: boolean,
  sidOf: (user: unknown) => string | undefined,
): Omit<AuthOptions, "providers"> {
  const names = cookieNames(origin);
  const options = cookieOptions(origin, runtime);
  const { lifetimes } = runtime.signIn;
  const log = (level: "error" | "warn") => (code: string, details?: unknown) =>
    runtime.log[level]({ requestId, code, error: describeError(details) }, "next-auth");
  return {
    secret: runtime.signer.keys("sign-in")[0],
    useSecureCookies: isSecure(origin),
    session: { strategy: "jwt", maxAge: remember ? lifetimes.remembered : lifetimes.session },
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
      callbackUrl: { name: names.callbackUrl, options: { ...options, sameSite: "lax" } },
    },
    callbacks: {
      // The cookie contains only the session token.
      jwt: async ({ token, user }) => ({ sid: user ? sidOf(user) : token.sid }),
      redirect: async ({ url }) => ownAddress(url, origin),
    },
    logger: { error: log("error"), warn: log("warn"), debug: () => undefined },
  };
}

/** Returns the return address if it is a page of the console, otherwise the first page. */
export function ownAddress(url: string, origin: string): string {
  try {
    const target = new URL(url, origin);
    return target.origin === origin ? target.href : `${origin}/`;
  } catch {
    return `${origin}/`;
  }
}
