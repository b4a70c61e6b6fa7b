import { canonicalAddress, classifyAddress } from "./addresses";
import { isDecodable } from "./host-names";

/** Upstreams of routes: their canonical form, their claims, and the targets that are never permitted. */

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
  /** `http(s)://host[:port]`, without the default port: the form for the configuration. */
  readonly url: string;
  readonly scheme: "http" | "https";
  /** A lower-case name without a trailing dot, or an address; IPv6 without brackets. */
  readonly host: string;
  /** 1–65535, always present. */
  readonly port: number;
  /** The address if `host` is one, with IPv4 inside IPv6 as IPv4; `null` for a name. */
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
  /**
   * `any`: loopback is allowed, and only the gateway resolves names. `checked`: loopback is refused, and every address
   * of a name is checked.
   */
  readonly mode: "any" | "checked";
  /** All current addresses of the name; empty for an address, and in `any`. */
  readonly resolved: readonly string[];
  /** All addresses and names of this machine. */
  readonly ownAddresses: readonly string[];
  /** The addresses at which the control plane and the gateway listen. */
  readonly forbidden: readonly HostAndPort[];
  /** The public address of the control plane, which a proxy in front of it may serve from elsewhere. */
  readonly publicAddress?: HostAndPort;
}

export type JudgedUpstream = { readonly ok: true } | { readonly ok: false; readonly problem: UpstreamProblem };

const maxUrl = 2_048;

/** Scheme, host, port, at most one slash: no user, path, query, fragment, percent-encoding, backslash, space or control. */
const form = /^https?:\/\/(?:\[[0-9a-f:.]+\]|[^\s\p{C}"#%/:?@[\\\]`{}║]+)(?::(\d{1,5}))?\/?$/iu;

/** Container names may contain underscores. */
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
 * Names with which a container reaches its host machine: Docker Desktop and Engine, Podman, Lima, Minikube, OrbStack,
 * Rancher Desktop. A gateway in a container uses them to reach a control plane on the host.
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

/**
 * Parses `http(s)://host[:port]` by the rules of the URL standard, so that all spellings of a target give the same
 * upstream.
 */
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
 * Returns the claims of an upstream: `name:port`, `address:port` for it or for every address that it resolved to, and
 * `loopback:<port>` for every form of this host. Two upstreams that share a key are the same target.
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

/** Returns whether a name or address means this machine. */
export function isThisMachine(host: string, ownAddresses: readonly string[]): boolean {
  return claimKey({ host, port: 0 }, new Set(ownAddresses.map(canonical))).startsWith("loopback:");
}

/**
 * Decides whether a route may lead to an upstream. Returns the first problem; the check for the control plane comes
 * first.
 */
export function judgeUpstream(upstream: Upstream, rules: UpstreamRules): JudgedUpstream {
  if (metadataNames.has(upstream.host)) return refused("upstream_metadata");
  const keys = upstreamClaimKeys(upstream, rules.resolved, rules.ownAddresses);
  const forbidden = rules.forbidden.flatMap((address) => [
    ...upstreamClaimKeys(address, [], rules.ownAddresses),
    `loopback:${address.port}`, // on any of its addresses: it may also be reachable by loopback from this host
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
  const address = canonical(host);
  const kind = classifyAddress(address);
  const local = kind === "loopback" || kind === "unspecified" || isLocalName(address) || own.has(address);
  return `${local ? "loopback" : address}:${port}`;
}

/** Returns an address in canonical form, or a name in lower case. */
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
