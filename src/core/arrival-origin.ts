import { isAmong } from "./addresses";

/** Where a request was sent to: the public address, a loopback address of the host, or something that is neither. */
export type ArrivalOrigin =
  | { readonly kind: "public"; readonly origin: string }
  | { readonly kind: "local"; readonly origin: string }
  | { readonly kind: "unknown" };

const loopback = ["127.0.0.0/8", "::1"];

/**
 * Told by the `Host` header, and, for the loopback addresses that need no TLS, by the socket as well: what is said from
 * elsewhere to be local is not, nor what a proxy on the host passes on: many write `Host` anew.
 * @param publicOrigin `https://portcullis.example.org`
 * @param localOrigins `http://127.0.0.1:3000`, …
 * @param peer address of the socket
 * @param forwarded whether it says that somebody passed it on
 */
export function arrivalOrigin(
  host: string | null,
  peer: string | null,
  forwarded: boolean,
  publicOrigin: string,
  localOrigins: readonly string[],
): ArrivalOrigin {
  if (host === null) return { kind: "unknown" };
  const asked = host.toLowerCase();
  if (new URL(publicOrigin).host === asked) return { kind: "public", origin: publicOrigin };
  const local = localOrigins.find((origin) => new URL(origin).host === asked);
  if (local === undefined || peer === null || forwarded) return { kind: "unknown" };
  return isAmong(peer, loopback) ? { kind: "local", origin: local } : { kind: "unknown" };
}
