import ipaddr from "ipaddr.js";

/** What one caller has of addresses: an IPv4 address, or the 2^64 of an IPv6 network, as `2001:db8:0:1::/64`. */
export function networkOf(address: string): string {
  if (!ipaddr.IPv6.isValid(address)) return address;
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${address}/64`).toRFC5952String()}/64`;
}
