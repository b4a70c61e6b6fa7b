import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/** What an address is for, as far as publishing it is concerned. */
export type AddressClass = "loopback" | "link-local" | "metadata" | "unspecified" | "multicast" | "private" | "public";

/**
 * Addresses at which clouds and container platforms hand credentials to whoever asks: EC2, GCE, Azure and others
 * (169.254.169.254), ECS tasks and EKS pods, EC2 and GCE over IPv6, Alibaba, Azure's wire server, Oracle.
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

/** Ranges of `ipaddr.js`; what is in none of these lists is private, that is: allowed, and not the internet. */
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
 * The one spelling of an address, or `null` for text that is none. An IPv4 address that is carried inside an IPv6 one
 * (mapped, compatible, SIIT, NAT64, 6to4, Teredo) is that IPv4 address: that is where the packets go. A zone is dropped.
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
 * The one spelling of an address that something came from, or `null` for text that is none. Only as mapped an IPv4 address
 * is the sender's own: that is how a socket for both kinds says it. In any other form (6to4, NAT64, …) whoever sent it
 * wrote it, and it must not pass for the address that it carries, 127.0.0.1 say.
 */
export function senderAddress(text: string): string | null {
  const bare = text.split("%")[0] ?? "";
  if (isIP(bare) !== 6) return isIP(bare) === 4 ? bare : null;
  const address = ipaddr.IPv6.parse(new URL(`http://[${bare}]`).hostname.slice(1, -1));
  return address.isIPv4MappedAddress() ? address.toIPv4Address().toString() : address.toRFC5952String();
}

/** The class of an address in any spelling, or `null` for text that is none. */
export function classifyAddress(text: string): AddressClass | null {
  const canonical = canonicalAddress(text);
  if (canonical === null) return null;
  if (metadataAddresses.has(canonical)) return "metadata";
  return classes[ipaddr.parse(canonical).range()] ?? "private";
}

/** The IPv4 address inside eight groups of an IPv6 one. */
function embedded(parts: readonly number[]): string | null {
  const [a = 0, b = 0, c = 0, , , , g = 0, h = 0] = parts;
  const starts = (...prefix: readonly number[]) => prefix.every((part, at) => part === parts[at]);
  const last = ipv4(g, h);
  if (starts(...nothing)) return g === 0 && h <= 1 ? null : last; // `::` and `::1` are addresses of their own
  if (starts(0, 0, 0, 0, 0, 0xffff) || starts(0, 0, 0, 0, 0xffff, 0)) return last;
  if (starts(0x64, 0xff9b, 0, 0, 0, 0) || starts(0x64, 0xff9b, 1)) return last;
  if (a === 0x2002) return ipv4(b, c);
  if (starts(0x2001, 0)) return ipv4(g ^ 0xffff, h ^ 0xffff);
  return null;
}

function ipv4(high: number, low: number): string {
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join(".");
}

/** Whether text is an address or a network in CIDR form: `203.0.113.7`, `10.0.0.0/8`, `2001:db8::/32`. */
export function isNetwork(text: string): boolean {
  const [base = "", bits] = text.split("/");
  if (isIP(base) === 0 || base.includes("%")) return false;
  if (bits === undefined) return true;
  // What is mapped is written as IPv4: nobody would be in it.
  return ipaddr.isValidCIDR(text) && isIP(senderAddress(base) ?? "") === isIP(base);
}

/** Whether the address of a sender is one of these, or lies in one of these networks; text that is neither holds nothing. */
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
