import type { Runtime } from "../../access/runtime";
import { hashOfToken } from "../../identity/tokens";
import { cookieNames, cookieOptions, csrfTokenOf, encodeSession } from "./cookies";

/** A session's token, and seconds until it ends. */
interface Session {
  readonly token: string;
  readonly maxAge: number;
}

/** Where the cookies are for. */
interface Place {
  readonly runtime: Runtime;
  readonly origin: string;
}

/** A page reads this one and sends it back beside the session's own, which it cannot read. */
export function csrfCookie({ runtime, origin }: Place, { token, maxAge }: Session): string {
  const value = csrfTokenOf(runtime, hashOfToken(token));
  return [`${cookieNames(origin).csrf}=${value}`, ...attributes({ runtime, origin }, maxAge)].join("; ");
}

/**
 * Gives the browser the cookie for its session, and the token that goes with it; both last as long as the session. One
 * that the answer had for it already (next-auth's, which knows only the form's "remember me") is replaced.
 */
export async function setSessionCookies(headers: Headers, place: Place, session: Session): Promise<void> {
  const value = await encodeSession(place.runtime, session.token, session.maxAge);
  const name = cookieNames(place.origin).session;
  const others = headers.getSetCookie().filter((line) => !line.startsWith(`${name}=`));
  headers.delete("set-cookie");
  for (const line of others) headers.append("set-cookie", line);
  headers.append("set-cookie", [`${name}=${value}`, ...attributes(place, session.maxAge), "HttpOnly"].join("; "));
  headers.append("set-cookie", csrfCookie(place, session));
}

function attributes({ runtime, origin }: Place, maxAge: number): string[] {
  const { sameSite, secure } = cookieOptions(origin, runtime);
  const site = sameSite === "lax" ? "Lax" : "Strict";
  return ["Path=/", `Max-Age=${maxAge}`, `SameSite=${site}`, ...(secure ? ["Secure"] : [])];
}
