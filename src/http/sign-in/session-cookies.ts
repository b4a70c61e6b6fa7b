import { parseSetCookie, stringifySetCookie } from "cookie";
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
  readonly runtime: Pick<Runtime, "signer" | "signIn">;
  readonly origin: string;
}

/** A page reads this one and sends it back beside the session's own, which it cannot read. */
function csrfCookie({ runtime, origin }: Place, { token, maxAge }: Session): string {
  const options = { ...cookieOptions(origin, runtime), httpOnly: false };
  const value = csrfTokenOf(runtime, hashOfToken(token));
  return stringifySetCookie({ name: cookieNames(origin).csrf, value, ...options, maxAge });
}

/**
 * Gives the browser the cookie for its session, and the token that goes with it; both last as long as the session. One
 * that the answer had for it already (next-auth's, which knows only the form's "remember me") is replaced.
 */
export async function setSessionCookies(headers: Headers, place: Place, session: Session): Promise<void> {
  const value = await encodeSession(place.runtime, session.token, session.maxAge);
  const name = cookieNames(place.origin).session;
  const others = headers.getSetCookie().filter((line) => parseSetCookie(line).name !== name);
  headers.delete("set-cookie");
  for (const line of others) headers.append("set-cookie", line);
  const options = { ...cookieOptions(place.origin, place.runtime), maxAge: session.maxAge };
  headers.append("set-cookie", stringifySetCookie({ name, value, ...options }));
  headers.append("set-cookie", csrfCookie(place, session));
}
