import ipaddr from "ipaddr.js";
import { isNetwork, senderAddress } from "./addresses";

/** Returns whether each inner address or network lies in one of the outer ones. Invalid text lies in none. */
export function areWithin(inner: readonly string[], outer: readonly string[]): boolean {
  const around = outer.map(rangeOf).filter((range) => range !== null);
  return inner.every((text) => {
    const range = rangeOf(text);
    return range !== null && around.some((one) => contains(one, range));
  });
}

type NetworkRange = readonly [base: ipaddr.IPv4 | ipaddr.IPv6, bits: number];

function rangeOf(text: string): NetworkRange | null {
  if (!isNetwork(text)) return null;
  if (text.includes("/")) return ipaddr.parseCIDR(text);
  const address = ipaddr.parse(senderAddress(text) ?? text);
  return [address, address.kind() === "ipv4" ? 32 : 128];
}

function contains([base, bits]: NetworkRange, [inner, innerBits]: NetworkRange): boolean {
  return base.kind() === inner.kind() && innerBits >= bits && inner.match(base, bits);
}
