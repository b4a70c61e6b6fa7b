import ipaddr from "ipaddr.js";
import { canonicalAddress } from "./addresses";

/** Whether every one of these addresses and networks lies in one of those. Text that is neither lies nowhere. */
export function areWithin(inner: readonly string[], outer: readonly string[]): boolean {
  const around = outer.map(rangeOf).filter((range) => range !== null);
  return inner.every((text) => {
    const range = rangeOf(text);
    return range !== null && around.some((one) => contains(one, range));
  });
}

type Range = readonly [base: ipaddr.IPv4 | ipaddr.IPv6, bits: number];

function rangeOf(text: string): Range | null {
  if (text.includes("/")) return ipaddr.isValidCIDR(text) ? ipaddr.parseCIDR(text) : null;
  const canonical = canonicalAddress(text);
  if (canonical === null) return null;
  const address = ipaddr.parse(canonical);
  return [address, address.kind() === "ipv4" ? 32 : 128];
}

function contains([base, bits]: Range, [inner, innerBits]: Range): boolean {
  return base.kind() === inner.kind() && innerBits >= bits && inner.match(base, bits);
}
