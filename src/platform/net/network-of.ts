import ipaddr from "ipaddr.js";

/**
 * Returns the addresses that one caller typically has: an IPv4 address, or an IPv6 network of 2^64 addresses, as
 * `2001:db8:0:1::/64`.
 */
export function networkOf(address: string): string {
  if (!ipaddr.IPv6.isValid(address)) return address;
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${address}/64`).toRFC5952String()}/64`;
}
