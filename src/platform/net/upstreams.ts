import { canonicalAddress, classifyAddress } from "./addresses";
import { isDecodable } from "./host-names";

/** Where a route leads: one spelling for each place, what of it is claimed, and what must never be one. */

export type UpstreamProblem =
  | "upstream_malformed"
  | "upstream_bad_host"
  | "upstream_bad_port"
  | "upstream_link_local"
  | "upstream_metadata"
  | "upstream_multicast"
  | "upstream_unspecified"
  | "upstream_loopback"
  | "upstream_control_plane"
  | "upstream_unresolved";

export interface Upstream {
  /** `http(s)://host[:port]`, the default port left out: the form for the configuration. */
  readonly url: string;
  readonly scheme: "http" | "https";
  /** Lower-case name without a dot at the end, or an address; IPv6 without brackets. */
  readonly host: string;
  /** 1–65535, never left out. */
  readonly port: number;
  /** The address where `host` is one, IPv4 inside IPv6 as the IPv4; `null` for a name. */
  readonly address: string | null;
}

export type ParsedUpstream =
  | { readonly ok: true; readonly upstream: Upstream }
  | { readonly ok: false; readonly problem: UpstreamProblem };

export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

export interface UpstreamRules {
  /** `any`: loopback allowed, names left to the gateway's resolver. `checked`: no loopback, every address of a name judged. */
  readonly mode: "any" | "checked";
  /** Every address that the name has now; empty for an address, and in `any`. */
  readonly resolved: readonly string[];
  /** Every address and name of this machine. */
  readonly ownAddresses: readonly string[];
  /** Where the control plane and the gateway itself listen. */
  readonly forbidden: readonly HostAndPort[];
  /** The public address of the control plane, which a proxy in front of it may serve from elsewhere. */
  readonly publicAddress?: HostAndPort;
}

export type JudgedUpstream = { readonly ok: true } | { readonly ok: false; readonly problem: UpstreamProblem };

const maxUrl = 2_048;

/** Scheme, host, port, at most one slash: no user, path, query, fragment, percent-encoding, backslash, space or control. */
const form = /^https?:\/\/(?:\[[0-9a-f:.]+\]|[^\s\p{C}"#%/:?@[\\\]`{}║]+)(?::(\d{1,5}))?\/?$/iu;

/** Container names may hold underscores. */
const nameLabel = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** Names of the machine itself in common hosts files. */
export const localNames: ReadonlySet<string> = new Set([
  "localhost",
  "localhost.localdomain",
  "localhost4",
  "localhost4.localdomain4",
  "localhost6",
  "localhost6.localdomain6",
  "ip6-localhost",
  "ip6-loopback",
]);

/**
 * Names by which a container reaches the machine that runs it: Docker Desktop and Engine, Podman, Lima, Minikube, OrbStack,
 * Rancher Desktop. A gateway in a container reaches a control plane on the machine by them.
 */
const machineOfContainerNames: ReadonlySet<string> = new Set([
  "host.docker.internal",
  "gateway.docker.internal",
  "kubernetes.docker.internal",
  "docker.for.mac.localhost",
  "docker.for.mac.host.internal",
  "docker.for.win.localhost",
  "docker.for.win.host.internal",
  "host.containers.internal",
  "host.lima.internal",
  "host.minikube.internal",
  "host.orb.internal",
  "host.rancher-desktop.internal",
]);

const metadataNames: ReadonlySet<string> = new Set([
  "metadata",
  "metadata.google.internal",
  "metadata.goog",
  "instance-data",
  "instance-data.ec2.internal",
]);

/** Reads `http(s)://host[:port]` by the rules of the URL standard, so that every spelling of a place gives the same upstream. */
export function parseUpstream(text: string): ParsedUpstream {
  if (text.length > maxUrl) return refused("upstream_malformed");
  const match = form.exec(text);
  if (match === null) return refused("upstream_malformed");
  if (!URL.canParse(text)) return refused(Number(match[1] ?? 1) > 65_535 ? "upstream_bad_port" : "upstream_bad_host");
  const { protocol, hostname, port: typedPort } = new URL(text);
  const scheme = protocol === "https:" ? "https" : "http";
  const port = typedPort === "" ? defaultPort(scheme) : Number(typedPort);
  if (port < 1 || port > 65_535) return refused("upstream_bad_port");

  const host = hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  const address = canonicalAddress(host);
  if (address === null && !(isName(host) && isDecodable(host))) return refused("upstream_bad_host");
  const shown = host.includes(":") ? `[${host}]` : host;
  const url = `${scheme}://${shown}${port === defaultPort(scheme) ? "" : `:${port}`}`;
  return { ok: true, upstream: { url, scheme, host, port, address } };
}

/**
 * What an organization claims with an upstream: `name:port`, `address:port` for it or for every address that it resolved to,
 * and `loopback:<port>` in place of every form of this very host. Two upstreams that share a key are the same place.
 * @returns sorted, without repetitions
 */
export function upstreamClaimKeys(
  upstream: HostAndPort,
  resolved: readonly string[],
  ownAddresses: readonly string[],
): string[] {
  const own = new Set(ownAddresses.map(canonical));
  const keys = [upstream.host, ...resolved].map((host) => claimKey({ host, port: upstream.port }, own));
  return [...new Set(keys)].sort();
}

/** Whether a name or address is this machine. */
export function isThisMachine(host: string, ownAddresses: readonly string[]): boolean {
  return claimKey({ host, port: 0 }, new Set(ownAddresses.map(canonical))).startsWith("loopback:");
}

/** Whether an upstream may be published. The first problem found; the control plane's own comes before the general ones. */
export function judgeUpstream(upstream: Upstream, rules: UpstreamRules): JudgedUpstream {
  if (metadataNames.has(upstream.host)) return refused("upstream_metadata");
  const keys = upstreamClaimKeys(upstream, rules.resolved, rules.ownAddresses);
  const forbidden = rules.forbidden.flatMap((place) => [
    ...upstreamClaimKeys(place, [], rules.ownAddresses),
    `loopback:${place.port}`, // whatever it is bound to: from this host it may well be reached by loopback
  ]);
  if (keys.some((key) => forbidden.includes(key))) return refused("upstream_control_plane");
  const { publicAddress } = rules;
  if (publicAddress?.host === upstream.host && publicAddress.port === upstream.port) {
    return refused("upstream_control_plane");
  }

  const addresses = upstream.address === null ? rules.resolved : [upstream.address];
  for (const address of addresses) {
    const problem = problemOf(address, rules.mode);
    if (problem !== null) return refused(problem);
  }
  if (rules.mode === "any") return { ok: true };
  if (keys.some((key) => key.startsWith("loopback:"))) return refused("upstream_loopback");
  return addresses.length === 0 ? refused("upstream_unresolved") : { ok: true };
}

function problemOf(address: string, mode: UpstreamRules["mode"]): UpstreamProblem | null {
  switch (classifyAddress(address)) {
    case null:
      return "upstream_unresolved";
    case "metadata":
      return "upstream_metadata";
    case "link-local":
      return "upstream_link_local";
    case "multicast":
      return "upstream_multicast";
    case "unspecified":
      return mode === "checked" ? "upstream_unspecified" : null;
    case "loopback":
      return mode === "checked" ? "upstream_loopback" : null;
    case "private":
    case "public":
      return null;
  }
}

function claimKey({ host, port }: HostAndPort, own: ReadonlySet<string>): string {
  const place = canonical(host);
  const kind = classifyAddress(place);
  const local = kind === "loopback" || kind === "unspecified" || isLocalName(place) || own.has(place);
  return `${local ? "loopback" : place}:${port}`;
}

/** An address in its one spelling, or a name in lower case. */
function canonical(host: string): string {
  return canonicalAddress(host) ?? host.toLowerCase().replace(/\.$/, "");
}

function isLocalName(name: string): boolean {
  return localNames.has(name) || name.endsWith(".localhost") || machineOfContainerNames.has(name);
}

function isName(host: string): boolean {
  return host.length <= 253 && host.split(".").every((label) => nameLabel.test(label));
}

function defaultPort(scheme: Upstream["scheme"]): number {
  return scheme === "https" ? 443 : 80;
}

function refused(problem: UpstreamProblem): { ok: false; problem: UpstreamProblem } {
  return { ok: false, problem };
}
