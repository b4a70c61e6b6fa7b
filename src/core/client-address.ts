import { isAmong, senderAddress } from "./addresses";

/**
 * The address that a request is counted and remembered by: the socket's own, unless that is a trusted proxy's; then the
 * right-most address of `X-Forwarded-For` that is none. What stands left of it anybody can have written.
 * @param peer of the socket; null where there is none
 * @param trusted addresses and networks of the proxies
 * @returns canonical, or null where nothing is known
 */
export function clientAddress(
  peer: string | null,
  forwardedFor: string | null,
  trusted: readonly string[],
): string | null {
  let address = peer === null ? null : senderAddress(peer);
  if (forwardedFor === null) return address;
  const hops = forwardedFor.split(",").reverse();
  for (const hop of hops) {
    if (address === null || !isAmong(address, trusted)) return address;
    const next = senderAddress(hop.trim());
    if (next === null) return address; // a proxy that is trusted wrote something else: it is the last that is known
    address = next;
  }
  return address;
}
