import { type Cookies, parseCookie } from "cookie";
import { decode, encode } from "next-auth/jwt";
import type { Runtime } from "#src/access/runtime";
import { hashOfToken, isToken } from "#src/identity/tokens";

/**
 * Returns whether cookies of this origin are sent over TLS only, so that the prefix `__Host-` can bind them to the
 * host.
 */
export function isSecure(origin: string): boolean {
  return origin.startsWith("https://");
}

/** The cookie with the return address after a sign-in, without the prefix that it has over TLS. */
export const callbackUrlCookie = "portcullis.callback-url";

/**
 * Returns the cookie names at an origin. A browser accepts a `__Host-` cookie only over TLS, for this host and all
 * paths.
 */
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

/** Returns the cookies of a request by name; the first one if a name occurs twice. */
export function readCookies(header: string | null): Cookies {
  return parseCookie(header ?? "");
}

/** Encrypts a session token as the JWT that next-auth keeps in the cookie. It contains only the token. */
export function encodeSession({ signer }: Pick<Runtime, "signer">, token: string, maxAge: number): Promise<string> {
  return encode({ token: { sid: token }, secret: signer.keys("session")[0], maxAge });
}

/** Returns the content of a cookie's JWT if it was created with a key of this installation and has not expired. */
export async function decodeSession({ signer }: Pick<Runtime, "signer">, jwt: string): Promise<string | null> {
  for (const secret of signer.keys("session")) {
    const payload = await decode({ token: jwt, secret }).catch(() => null);
    const sid = payload?.sid;
    if (isToken(sid)) return sid;
  }
  return null;
}

/**
 * Caches recently decrypted cookies, because decryption costs as much as a query. The database still checks each
 * session.
 */
const opened = new WeakMap<object, Map<string, string>>();
const remembered = 5_000;

/**
 * Returns the hash of the session whose cookie this request carries.
 * @param origin the origin that received the request
 * @returns null without a valid cookie
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

/** Returns the CSRF token that a mutating request must send in addition to the cookie. It is bound to one session. */
export function csrfTokenOf({ signer }: Pick<Runtime, "signer">, sessionHash: string): string {
  return signer.sign("csrf", sessionHash);
}
