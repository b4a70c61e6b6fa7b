import type { WrongHost } from "../platform/errors/reasons";
import { isAmong } from "../platform/net/addresses";

/** Where a request was sent to: the public address, a loopback address of the host, or something that is neither. */
export type RequestOrigin =
  | { readonly kind: "public"; readonly origin: string }
  | { readonly kind: "local"; readonly origin: string }
  | { readonly kind: "unknown" };

const loopback = ["127.0.0.0/8", "::1"];

/**
 * Decided by the `Host` header, and, for the loopback addresses that need no TLS, by the socket as well: a caller from
 * elsewhere that names a loopback address is not local, and neither is a request that a proxy on the host passes on,
 * because many proxies rewrite `Host`.
 * @param publicOrigin `https://portcullis.example.org`
 * @param localOrigins `http://127.0.0.1:3000`, …
 * @param peer address of the socket
 * @param forwarded whether it says that somebody passed it on
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

/** A name or an address, and a port. What is no host in this sense (a user, a path, a list) is never one of these. */
const hostAndPort = /^(\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)\.?(?::(\d{0,5}))?$/;

const defaultPorts: Readonly<Record<string, string>> = { "http:": "80", "https:": "443" };

/** The one spelling of a host for this scheme: lower case, without the root's dot and without the default port. */
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
 * Whether a page at this `Origin` is a page of ours. Browsers keep the root's dot of a host that was typed with it.
 * @param from the `Origin` header
 */
export function isSameOrigin(from: string | null, origin: string): boolean {
  if (from === null) return false;
  const { protocol } = new URL(origin);
  const prefix = `${protocol}//`;
  return from.toLowerCase().startsWith(prefix) && isHostOf(from.slice(prefix.length), origin);
}

/** What a header may hold of a host to be repeated in a message. */
const longestShown = 100;

/**
 * Describes a request that arrived for another host, for a message: a proxy that rewrites `Host` is the usual cause.
 * @param host the `Host` header
 * @param forwarded whether the request says that a proxy passed it on
 */
export function wrongHost(host: string | null, forwarded: boolean, publicOrigin: string): WrongHost {
  if (!host) return { host: null, forwarded, publicOrigin };
  const isShown = host.length <= longestShown && hostAndPort.test(host.toLowerCase());
  return { host: isShown ? host : "unreadable", forwarded, publicOrigin };
}
