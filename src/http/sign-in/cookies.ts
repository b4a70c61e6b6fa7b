import { type Cookies, parseCookie } from "cookie";
import { decode, encode } from "next-auth/jwt";
import type { Runtime } from "../../access/runtime";
import { hashOfToken, isToken } from "../../identity/tokens";

/** Whether cookies of this origin are for TLS alone, and so can have the prefix that binds them to the host. */
export function isSecure(origin: string): boolean {
  return origin.startsWith("https://");
}

/** The cookie with the address to go on at after a sign-in, without the prefix that it has over TLS. */
export const callbackUrlCookie = "portcullis.callback-url";

/** Names of our cookies at an origin. With `__Host-` a browser takes one only over TLS, for this very host and all paths. */
export function cookieNames(origin: string) {
  const prefix = isSecure(origin) ? "__Host-" : "";
  return {
    session: `${prefix}portcullis.session`,
    csrf: `${prefix}portcullis.csrf`,
    signInCsrf: `${prefix}portcullis.sign-in-csrf`,
    callbackUrl: `${prefix}${callbackUrlCookie}`,
    state: `${prefix}portcullis.state`,
    nonce: `${prefix}portcullis.nonce`,
    pkce: `${prefix}portcullis.pkce`,
  } as const;
}

export function cookieOptions(origin: string, { signIn }: Pick<Runtime, "signIn">) {
  return { httpOnly: true, sameSite: signIn.sameSite, path: "/", secure: isSecure(origin) } as const;
}

/** All cookies of a request, by name; of two with one name, the first. */
export function readCookies(header: string | null): Cookies {
  return parseCookie(header ?? "");
}

/** Seals a session's token as the JWT that next-auth keeps in the cookie: nothing but the token is in it. */
export function encodeSession({ signer }: Pick<Runtime, "signer">, token: string, maxAge: number): Promise<string> {
  return encode({ token: { sid: token }, secret: signer.keys("session")[0], maxAge });
}

/** What a cookie's JWT holds, if one of our keys made it and it has not expired. */
export async function decodeSession({ signer }: Pick<Runtime, "signer">, jwt: string): Promise<string | null> {
  for (const secret of signer.keys("session")) {
    const payload = await decode({ token: jwt, secret }).catch(() => null);
    const sid = payload?.sid;
    if (isToken(sid)) return sid;
  }
  return null;
}

/** Cookies that were opened lately: opening one costs as much as a query. What they are worth the database says each time. */
const opened = new WeakMap<object, Map<string, string>>();
const remembered = 5_000;

/**
 * The hash of the session whose cookie this request carries.
 * @param origin that the request came to
 * @returns null without one that is ours
 */
export async function sessionHashOf(
  runtime: Pick<Runtime, "signer">,
  origin: string,
  cookies: Readonly<Cookies>,
): Promise<string | null> {
  const jwt = cookies[cookieNames(origin).session];
  if (jwt === undefined || jwt === "") return null;
  const known = opened.get(runtime.signer) ?? new Map<string, string>();
  opened.set(runtime.signer, known);
  const before = known.get(jwt);
  if (before !== undefined) return before;
  const token = await decodeSession(runtime, jwt);
  if (token === null) return null;
  const hash = hashOfToken(token);
  if (known.size >= remembered) known.clear();
  known.set(jwt, hash);
  return hash;
}

/** What a request that changes something has to send beside the cookie: bound to the session, so that no other's fits. */
export function csrfTokenOf({ signer }: Pick<Runtime, "signer">, sessionHash: string): string {
  return signer.sign("csrf", sessionHash);
}
