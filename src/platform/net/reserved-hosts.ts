import { parse } from "tldts";
import { hostsOverlap } from "./host-names";
import { localNames } from "./upstreams";

/** Hosts that no organization may claim for a route. */

export type ReservedFor =
  /** The host of the control plane's own public address: its visitors type passwords there. */
  | "control_plane"
  /** A name that means the machine itself, on every machine. */
  | "loopback"
  /** A name under which different people register their own names, such as `co.uk`. */
  | "public_suffix";

/**
 * Top-level domains that answered or could answer by themselves, and that no internal host is named after. The newer
 * generic ones (`wiki`, `app`) are left out: ICANN forbids them to answer without a second label (SAC053), so that a bare
 * `wiki` is always the name of somebody's internal host. Those of two letters and in other scripts are countries'.
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

/** In the list, and yet everybody's own: all of it belongs to the home network that one is in (RFC 8375). */
const homeNetwork = "home.arpa";

/**
 * Why nobody may claim a host; null where an organization may.
 *
 * A wildcard counts as every host that it covers: where the control plane is served by the same gateway, our router of
 * the wildcard would stand above the router that leads to it. Names that have an owner of their own below a private
 * suffix (`github.io`) are allowed, since the organization may be that owner.
 * @param host in the normal form of `parseHost`
 * @param publicHost the host of the control plane's public address (`hostOfOrigin`)
 */
export function reservedFor(host: string, publicHost: string | null): ReservedFor | null {
  if (publicHost !== null && hostsOverlap(host, publicHost)) return "control_plane";
  if ([...localNames].some((name) => hostsOverlap(host, name))) return "loopback";
  return isPublicSuffix(host) ? "public_suffix" : null;
}

/** The host of an origin in the form in which routes hold hosts; null for an address, which no route can have. */
export function hostOfOrigin(origin: string): string | null {
  const { hostname } = new URL(origin);
  const host = hostname.replace(/\.$/, "");
  return host.startsWith("[") || /^[\d.]+$/.test(host) ? null : host;
}

function isPublicSuffix(host: string): boolean {
  if (!host.startsWith("*.")) return isSuffix(host);
  const parent = host.slice(2);
  // The list has wildcards too (`*.kobe.jp`), for which every label is a suffix.
  return isSuffix(parent) || isSuffix(`any-label.${parent}`);
}

/** Whether a name is a suffix of the list's ICANN section, not by the rule for domains that the list does not know. */
function isSuffix(name: string): boolean {
  const { publicSuffix, isIcann } = parse(name, { allowPrivateDomains: false, extractHostname: false });
  if (isIcann !== true || publicSuffix !== name || name === homeNetwork) return false;
  return name.includes(".") || /^(?:[a-z]{2}|xn--.*)$/.test(name) || olderTopLevelDomains.has(name);
}
