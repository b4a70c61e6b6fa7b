import { parseSetCookie, stringifySetCookie } from "cookie";
import type { Runtime } from "#src/access/runtime";
import { hashOfToken } from "#src/identity/tokens";
import { cookieNames, cookieOptions, csrfTokenOf, encodeSession } from "./cookies";

/** A session's token, and seconds until it ends. */
interface Session {
  readonly token: string;
  readonly maxAge: number;
}

/** The origin and runtime that the cookies belong to. */
interface CookieSite {
  readonly runtime: Pick<Runtime, "signer" | "signIn">;
  readonly origin: string;
}

/**
 * Creates the CSRF cookie. A page reads it and sends it back together with the session cookie, which it cannot read.
 */
function csrfCookie({ runtime, origin }: CookieSite, { token, maxAge }: Session): string {
  const options = { ...cookieOptions(origin, runtime), httpOnly: false };
  const value = csrfTokenOf(runtime, hashOfToken(token));
  return stringifySetCookie({ name: cookieNames(origin).csrf, value, ...options, maxAge });
}

/**
 * Sets the session cookie and the CSRF cookie; both last as long as the session. A session cookie that the response
 * already has is replaced: next-auth's, which knows only the form's "remember me".
 */
export async function setSessionCookies(headers: Headers, site: CookieSite, session: Session): Promise<void> {
  const value = await encodeSession(site.runtime, session.token, session.maxAge);
  const name = cookieNames(site.origin).session;
  const others = headers.getSetCookie().filter((line) => parseSetCookie(line).name !== name);
  headers.delete("set-cookie");
  for (const line of others) headers.append("set-cookie", line);
  const options = { ...cookieOptions(site.origin, site.runtime), maxAge: session.maxAge };
  headers.append("set-cookie", stringifySetCookie({ name, value, ...options }));
  headers.append("set-cookie", csrfCookie(site, session));
}
