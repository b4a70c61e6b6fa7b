import { isAmong, senderAddress } from "./addresses";

/**
 * Returns the client address for limits and logs: the address of the socket, unless it belongs to a trusted proxy. Then
 * it is the right-most entry of `X-Forwarded-For` that is not a trusted proxy. Callers can forge everything to the left
 * of it.
 *
 * An invalid or empty entry is an unknown address: neither the address of the proxy nor the entry to its left is used.
 * No allowlist admits an unknown address, and all unknown addresses share one bucket of each limit.
 * @param peer the address of the socket; null if there is none
 * @param forwardedFor the header; several headers are joined by commas, in their order
 * @param trusted addresses and networks of the proxies
 * @returns canonical, or null for an unknown address
 */
export function clientAddress(
  peer: string | null,
  forwardedFor: string | null,
  trusted: readonly string[],
): string | null {
  const address = peer === null ? null : senderAddress(peer);
  if (forwardedFor === null || address === null) return address;
  let nearest = address;
  for (const hop of forwardedFor.split(",").reverse()) {
    if (!isAmong(nearest, trusted)) return nearest;
    const next = readForwardedAddress(hop);
    if (next === null) return null;
    nearest = next;
  }
  return nearest;
}

/** `203.0.113.7` and `203.0.113.7:51234`. */
const ipv4WithPort = /^([\d.]+)(?::(\d{1,5}))?$/;

/** `[2001:db8::1]` and `[2001:db8::1]:443`, with or without a zone. */
const bracketed = /^\[([^[\]]+)\](?::(\d{1,5}))?$/;

/** An IPv6 address with its zone (RFC 4007), also as URLs escape it (RFC 6874). */
const zoned = /^([0-9A-Fa-f:.]+)%(?:25)?[\w.~-]{1,64}$/;

const highestPort = 65_535;

/**
 * Parses the address in one entry of `X-Forwarded-For`: without its port, brackets, zone and spaces, IPv4-mapped as
 * IPv4.
 * @returns canonical, or null for an entry that is not an address
 */
export function readForwardedAddress(entry: string): string | null {
  const text = entry.replace(/^[ \t]+|[ \t]+$/g, "");
  const [, ipv4, ipv4Port = "0"] = ipv4WithPort.exec(text) ?? [];
  if (ipv4 !== undefined) return Number(ipv4Port) <= highestPort ? senderAddress(ipv4) : null;
  const [, ipv6 = text, ipv6Port = "0"] = bracketed.exec(text) ?? [];
  const [, bare = ipv6] = zoned.exec(ipv6) ?? [];
  const isReadable = Number(ipv6Port) <= highestPort && bare.includes(":") && !bare.includes("%");
  return isReadable ? senderAddress(bare) : null;
}
