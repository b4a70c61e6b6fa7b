import type { WrongHost } from "../platform/errors/reasons/access";
import { isAmong } from "../platform/net/addresses";

/** The address that a request was sent to: the public address, a loopback address of the host, or neither. */
export type RequestOrigin =
  | { readonly kind: "public"; readonly origin: string }
  | { readonly kind: "local"; readonly origin: string }
  | { readonly kind: "unknown" };

const loopback = ["127.0.0.0/8", "::1"];

/**
 * Decides by the `Host` header, and, for the loopback addresses that need no TLS, by the socket as well. A caller from
 * another machine that names a loopback address is not local. A request that a proxy on the host forwards is not local
 * either, because many proxies rewrite `Host`.
 * @param publicOrigin `https://portcullis.example.org`
 * @param localOrigins `http://127.0.0.1:3000`, …
 * @param peer address of the socket
 * @param forwarded whether the request says that a proxy forwarded it
 */
export function requestOrigin(
  host: string | null,
  peer: string | null,
  forwarded: boolean,
  publicOrigin: string,
  localOrigins: readonly string[],
): RequestOrigin {
  if (host === null) return { kind: "unknown" };
  if (isHostOf(host, publicOrigin)) return { kind: "public", origin: publicOrigin };
  const local = localOrigins.find((origin) => isHostOf(host, origin));
  if (local === undefined || peer === null || forwarded) return { kind: "unknown" };
  return isAmong(peer, loopback) ? { kind: "local", origin: local } : { kind: "unknown" };
}

/** A name or an address, and a port. Text in another form (a user, a path, a list) never matches. */
const hostAndPort = /^(\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)\.?(?::(\d{0,5}))?$/;

const defaultPorts: Readonly<Record<string, string>> = { "http:": "80", "https:": "443" };

/** The canonical form of a host for this scheme: lower case, without the trailing dot and without the default port. */
function canonicalHost(host: string, protocol: string): string | null {
  const [, name, port = ""] = hostAndPort.exec(host.toLowerCase()) ?? [];
  if (name === undefined) return null;
  return port === "" || port === defaultPorts[protocol] ? name : `${name}:${port}`;
}

function isHostOf(host: string, origin: string): boolean {
  const { protocol, host: expected } = new URL(origin);
  return canonicalHost(host, protocol) === expected;
}

/**
 * Whether a page at this `Origin` belongs to the control plane. Browsers keep the trailing dot of a host that was typed
 * with it.
 * @param from the `Origin` header
 */
export function isSameOrigin(from: string | null, origin: string): boolean {
  if (from === null) return false;
  const { protocol } = new URL(origin);
  const prefix = `${protocol}//`;
  return from.toLowerCase().startsWith(prefix) && isHostOf(from.slice(prefix.length), origin);
}

/** The maximum length of a host that a message repeats. */
const maxShownLength = 100;

/**
 * Describes, for a message, a request that arrived for another host. A proxy that rewrites `Host` is the usual cause.
 * @param host the `Host` header
 * @param forwarded whether the request says that a proxy forwarded it
 */
export function wrongHost(host: string | null, forwarded: boolean, publicOrigin: string): WrongHost {
  if (!host) return { host: null, forwarded, publicOrigin };
  const isShown = host.length <= maxShownLength && hostAndPort.test(host.toLowerCase());
  return { host: isShown ? host : "unreadable", forwarded, publicOrigin };
}
