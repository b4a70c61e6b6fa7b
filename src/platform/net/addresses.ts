import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/** The class of an address, as far as it matters for a route to it. */
export type AddressClass = "loopback" | "link-local" | "metadata" | "unspecified" | "multicast" | "private" | "public";

/**
 * Addresses at which clouds and container platforms return credentials without authentication: EC2, GCE, Azure and
 * others (169.254.169.254), ECS tasks and EKS pods, EC2 and GCE over IPv6, Alibaba, Azure's wire server, Oracle.
 */
const metadataAddresses: ReadonlySet<string> = new Set([
  "169.254.169.254",
  "169.254.170.2",
  "169.254.170.23",
  "fd00:ec2::254",
  "fd00:ec2::23",
  "fd20:ce::254",
  "100.100.100.200",
  "168.63.129.16",
  "192.0.0.192",
]);

/** The classes of `ipaddr.js` ranges; any other range is private: allowed, but not on the internet. */
const classes: Readonly<Record<string, AddressClass>> = {
  loopback: "loopback",
  unspecified: "unspecified",
  linkLocal: "link-local",
  multicast: "multicast",
  broadcast: "multicast",
  unicast: "public",
};

const nothing = [0, 0, 0, 0, 0, 0] as const;

/**
 * Returns the canonical form of an address, or `null` for other text. An IPv4 address inside an IPv6 address (mapped,
 * compatible, SIIT, NAT64, 6to4, Teredo) becomes that IPv4 address, because the packets go there. A zone is removed.
 */
export function canonicalAddress(text: string): string | null {
  const bare = text.split("%")[0] ?? "";
  if (isIP(bare) === 0) return null;
  if (isIP(bare) === 4) return bare;
  // The URL parser writes the dotted forms as hex, which `ipaddr.js` would read as mapped addresses.
  const address = ipaddr.IPv6.parse(new URL(`http://[${bare}]`).hostname.slice(1, -1));
  return embedded(address.parts) ?? address.toRFC5952String();
}

/**
 * Returns the canonical form of a sender's address, or `null` for other text. Only a mapped IPv4 address is the real
 * address of the sender: a dual-stack socket reports it this way. The sender can choose any other form (6to4, NAT64,
 * …), so such an address must not count as the IPv4 address in it, for example 127.0.0.1.
 */
export function senderAddress(text: string): string | null {
  const bare = text.split("%")[0] ?? "";
  if (isIP(bare) !== 6) return isIP(bare) === 4 ? bare : null;
  const address = ipaddr.IPv6.parse(new URL(`http://[${bare}]`).hostname.slice(1, -1));
  return address.isIPv4MappedAddress() ? address.toIPv4Address().toString() : address.toRFC5952String();
}

/** Returns the class of an address in any spelling, or `null` for other text. */
export function classifyAddress(text: string): AddressClass | null {
  const canonical = canonicalAddress(text);
  if (canonical === null) return null;
  if (metadataAddresses.has(canonical)) return "metadata";
  return classes[ipaddr.parse(canonical).range()] ?? "private";
}

/** Returns the IPv4 address inside an IPv6 address of eight groups. */
function embedded(parts: readonly number[]): string | null {
  const [a = 0, b = 0, c = 0, , , , g = 0, h = 0] = parts;
  const starts = (...prefix: readonly number[]) => prefix.every((part, at) => part === parts[at]);
  const last = ipv4(g, h);
  if (starts(...nothing)) return g === 0 && h <= 1 ? null : last; // `::` and `::1` carry no IPv4 address
  if (starts(0, 0, 0, 0, 0, 0xffff) || starts(0, 0, 0, 0, 0xffff, 0)) return last;
  if (starts(0x64, 0xff9b, 0, 0, 0, 0) || starts(0x64, 0xff9b, 1)) return last;
  if (a === 0x2002) return ipv4(b, c);
  if (starts(0x2001, 0)) return ipv4(g ^ 0xffff, h ^ 0xffff);
  return null;
}

function ipv4(high: number, low: number): string {
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join(".");
}

/** Returns whether text is an address or a network in CIDR form: `203.0.113.7`, `10.0.0.0/8`, `2001:db8::/32`. */
export function isNetwork(text: string): boolean {
  const [base = "", bits] = text.split("/");
  if (isIP(base) === 0 || base.includes("%")) return false;
  if (bits === undefined) return true;
  // A mapped network would match no address, because addresses are normalized to IPv4.
  return ipaddr.isValidCIDR(text) && isIP(senderAddress(base) ?? "") === isIP(base);
}

/** Returns whether a sender's address is in a list of addresses and networks; invalid entries match nothing. */
export function isAmong(address: string, networks: readonly string[]): boolean {
  const canonical = senderAddress(address);
  if (canonical === null) return false;
  const parsed = ipaddr.parse(canonical);
  return networks.some((network) => {
    if (!isNetwork(network)) return false;
    if (!network.includes("/")) return senderAddress(network) === canonical;
    const [base, bits] = ipaddr.parseCIDR(network);
    return base.kind() === parsed.kind() && parsed.match(base, bits);
  });
}
