import { parse } from "tldts";
import { hostsOverlap } from "./host-names";
import { localNames } from "./upstreams";

/** Hosts that no organization may claim for a route. */

export type ReservedFor =
  /** The host of the control plane's public address: people type passwords there. */
  | "control_plane"
  /** A name that means the machine itself, on every machine. */
  | "loopback"
  /** A name under which different people register their own names, such as `co.uk`. */
  | "public_suffix";

/**
 * Top-level domains that resolve or could resolve by themselves, and that are not common names of internal hosts. Newer
 * generic domains (`wiki`, `app`) are not included: ICANN forbids them to resolve without a second label (SAC053), so a
 * bare `wiki` is always an internal host. Domains with two letters or in other scripts belong to countries.
 */
const olderTopLevelDomains: ReadonlySet<string> = new Set([
  "aero",
  "arpa",
  "asia",
  "biz",
  "cat",
  "com",
  "coop",
  "edu",
  "gov",
  "info",
  "int",
  "jobs",
  "mil",
  "mobi",
  "museum",
  "name",
  "net",
  "org",
  "pro",
  "tel",
  "travel",
  "xxx",
]);

/** A suffix in the list that may still be claimed: it belongs to the local home network (RFC 8375). */
const homeNetwork = "home.arpa";

/**
 * Returns why no organization may claim a host; null if an organization may.
 *
 * A wildcard counts as every host that it covers: if the same gateway serves the control plane, the router of the
 * wildcard would take precedence over the router of the control plane. Names below a private suffix (`github.io`) are
 * allowed, because the organization may own them.
 * @param host in the normal form of `parseHost`
 * @param publicHost the host of the control plane's public address (`hostOfOrigin`)
 */
export function reservedFor(host: string, publicHost: string | null): ReservedFor | null {
  if (publicHost !== null && hostsOverlap(host, publicHost)) return "control_plane";
  if ([...localNames].some((name) => hostsOverlap(host, name))) return "loopback";
  return isPublicSuffix(host) ? "public_suffix" : null;
}

/** Returns the host of an origin in the normal form of routes; null for an IP address, which a route cannot have. */
export function hostOfOrigin(origin: string): string | null {
  const { hostname } = new URL(origin);
  const host = hostname.replace(/\.$/, "");
  return host.startsWith("[") || /^[\d.]+$/.test(host) ? null : host;
}

function isPublicSuffix(host: string): boolean {
  if (!host.startsWith("*.")) return isSuffix(host);
  const parent = host.slice(2);
  // The list also has wildcards (`*.kobe.jp`), below which every label is a suffix.
  return isSuffix(parent) || isSuffix(`any-label.${parent}`);
}

/**
 * Returns whether a name is a suffix in the ICANN section of the list. The default rule for unlisted domains does not
 * count.
 */
function isSuffix(name: string): boolean {
  const { publicSuffix, isIcann } = parse(name, { allowPrivateDomains: false, extractHostname: false });
  if (isIcann !== true || publicSuffix !== name || name === homeNetwork) return false;
  return name.includes(".") || /^(?:[a-z]{2}|xn--.*)$/.test(name) || olderTopLevelDomains.has(name);
}
