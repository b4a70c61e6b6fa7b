import { type HostProblem, parseHost } from "../net/host-names";
import type { PathProblem } from "../net/path-prefixes";
import type { ReservedFor } from "../net/reserved-hosts";
import { parseUpstream, type UpstreamProblem } from "../net/upstreams";
import { inWords, printable, quotedUrl } from "./quoted";

/**
 * Messages for hosts, paths and upstreams that cannot be used: what is wrong with which value, and the probable
 * intention if it can be derived. A user name and password in a pasted URL are never repeated.
 */

/** The message for a host that `parseHost` refused. */
export function hostMessage(text: string, problem: HostProblem): string {
  const meant = meantHost(text);
  const use = meant === null ? "" : ` Use ${quotedUrl(meant)}.`;
  const surplus = surplusOf(text);
  if (meant !== null && surplus.length > 0) {
    return `${quotedUrl(text)} is not a host name alone: leave out ${inWords(surplus)}.${use}${pathHint(text)}`;
  }
  return `${quotedUrl(text)} cannot be the host of a route: ${hostReasons[problem]}${use}`;
}

const hostReasons: Readonly<Record<HostProblem, string>> = {
  host_empty: "it is empty. Give a name such as wiki.example.com.",
  host_too_long: "a host name has 253 characters at most.",
  host_bad_character:
    "it has a character that host names do not have. Give letters, digits, hyphens and dots only, such as wiki.example.com.",
  host_bad_label:
    "each part between two dots has 1 to 63 letters, digits or hyphens, and no hyphen at its start or end.",
  host_wildcard_misplaced: "a wildcard can only stand for the whole first part, as in *.example.com.",
  host_wildcard_too_wide: "a wildcard needs at least two parts behind it, as in *.example.com.",
  host_ip_address: "it is an IP address, and routes are found by name. Give a name that leads to that address.",
};

/** The message for a reserved host (`reservedFor`). */
export function reservedMessage(host: string, reserved: ReservedFor, publicHost: string | null): string {
  switch (reserved) {
    case "control_plane":
      return host === publicHost
        ? `${quotedUrl(host)} is the host of the control plane's own address: a route there would receive passwords and keys. Use another host.`
        : `${quotedUrl(host)} covers ${quotedUrl(publicHost ?? "")}, the host of the control plane's own address: a route there would receive passwords and keys. Use single hosts, or a wildcard that does not cover it.`;
    case "loopback":
      return `${quotedUrl(host)} means the machine itself, on every machine. Use a name below localhost, such as wiki.localhost.`;
    case "public_suffix":
      return `${quotedUrl(host)} is a public suffix, below which names belong to different people. Use a registered name, such as example.${host.replace("*.", "")}.`;
  }
}

/** The message for a path prefix that `parsePathPrefix` refused. */
export function pathMessage(text: string, problem: PathProblem): string {
  return `${quotedUrl(text)} cannot be a path prefix: ${pathReasons[problem]}`;
}

const pathReasons: Readonly<Record<PathProblem, string>> = {
  path_not_absolute: "it starts with a slash, as in /admin.",
  path_too_long: "it has 255 characters at most.",
  path_bad_character:
    "it has a character that gateways and servers read in different ways. Give letters, digits and ._~@:+,=!$&- only.",
  path_empty_segment: "it has two slashes in a row.",
  path_dot_segment: "it has . or .. as a segment, which browsers resolve before they send the request.",
};

/** The message for an upstream that `parseUpstream` or `judgeUpstream` refused. */
export function upstreamMessage(text: string, problem: UpstreamProblem): string {
  if (problem !== "upstream_malformed") return `A route cannot lead to ${quotedUrl(text)}: ${upstreamReasons[problem]}`;
  const meant = meantUpstream(text);
  const schemeMissing = !/^[a-z][a-z0-9+.-]*:\/\//i.test(text.trim());
  if (meant === null) {
    const why = schemeMissing ? "it has no scheme" : "it is not of that form";
    return `${quotedUrl(text)} cannot be an upstream: ${why}. Give http://host:port or https://host:port.`;
  }
  if (schemeMissing) {
    const tls = meant.replace(/^http:/, "https:");
    return `${quotedUrl(text)} has no scheme. Use ${quotedUrl(meant)}, or ${quotedUrl(tls)} if the upstream speaks TLS.`;
  }
  return `${quotedUrl(text)} is more than scheme, host and port: leave out ${inWords(surplusOf(text, "upstream"))}. Use ${quotedUrl(meant)}.`;
}

const upstreamReasons: Readonly<Record<Exclude<UpstreamProblem, "upstream_malformed">, string>> = {
  upstream_bad_host: "its host is neither a name nor an address.",
  upstream_bad_port: "a port is a number from 1 to 65535.",
  upstream_link_local: "it is a link-local address, which means another machine on every network.",
  upstream_metadata: "clouds serve credentials of the machine at this address.",
  upstream_multicast: "it is a multicast or broadcast address, which is no single server.",
  upstream_unspecified:
    "the unspecified address means this machine, to which routes of this organization may not lead.",
  upstream_loopback:
    "it is this machine, to which routes of this organization may not lead. Give the address of another one.",
  upstream_control_plane: "the control plane or the gateway itself listens there.",
  upstream_unresolved: "DNS has no address for this name. Check the spelling, or give an address.",
};

type Surplus = string;

/** Names the parts of a pasted text around the host; for an upstream, scheme and port belong to it. */
function surplusOf(text: string, kind: "host" | "upstream" = "host"): Surplus[] {
  const { scheme, user, port, rest, outer } = partsOf(text);
  return [
    ...(outer ? ["the spaces or quotes around it"] : []),
    ...(kind === "host" && scheme !== "" ? [`the scheme ${printable(scheme)}`] : []),
    ...(user ? ["the user name and password"] : []),
    ...(kind === "host" && port !== "" ? [`the port ${printable(port)}`] : []),
    ...(rest === "" ? [] : [rest === "/" && kind === "host" ? "the slash" : "everything behind the host"]),
  ];
}

interface Parts {
  readonly scheme: string;
  readonly user: boolean;
  readonly host: string;
  readonly port: string;
  /** Path, query and fragment. */
  readonly rest: string;
  /** The text has spaces, quotes or brackets around it. */
  readonly outer: boolean;
}

function partsOf(text: string): Parts {
  const bare = text
    .slice(0, 2_048)
    .trim()
    .replace(/^Host\(`([^`]*)`\)$/, "$1")
    .replace(/^["'`<](.*)["'`>]$/, "$1")
    .trim();
  const [, scheme = "", user, host = "", port = "", rest = ""] =
    /^([a-z][a-z0-9+.-]*:\/\/)?([^/?#\\]*@)?(\[[^\]]*\]|[^:/?#\\]*)(:\d*)?(.*)$/is.exec(bare) ?? [];
  return { scheme, user: user !== undefined, host, port, rest, outer: bare !== text };
}

/** Returns the probable host in a text that is more than a host or has underscores; null if it cannot be derived. */
function meantHost(text: string): string | null {
  const { host } = partsOf(text);
  for (const candidate of [host, host.replaceAll("_", "-")]) {
    const parsed = parseHost(candidate);
    if (parsed.ok && candidate !== text) return parsed.host;
  }
  return null;
}

/** Like `meantHost`, for an upstream; the default scheme is `http`. */
function meantUpstream(text: string): string | null {
  const { scheme, host, port } = partsOf(text);
  const parsed = parseUpstream(`${scheme === "" ? "http://" : scheme.toLowerCase()}${host}${port}`);
  return parsed.ok && parsed.upstream.url !== text ? parsed.upstream.url : null;
}

function pathHint(text: string): string {
  const { rest } = partsOf(text);
  return /^\/[^?#]/.test(rest) ? " A path belongs into pathPrefix." : "";
}
