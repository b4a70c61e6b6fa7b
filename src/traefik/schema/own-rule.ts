import { isExactHost, isPathPrefix } from "../compiler/well-formed";

/** The rule that refuses raw tunnels, the only own rule without a host. */
const TUNNEL = "HeaderRegexp(`Upgrade`, `(?i)h2c`)";
const HOST = /^Host\(`([^`]*)`\)$/;
const WILDCARD = /^HostRegexp\(`\^\[\^\.\]\+((?:\\\.[^`\\]+)+)\\\.\?\$`\)$/;
const UNDER_A_PATH = /^(.*) && \(Path\(`([^`]*)`\) \|\| PathPrefix\(`\2\/`\)\)$/;

/**
 * Checks whether the compiler writes rules like this one: a host or a list of hosts, a host with whole path segments,
 * or the refusal of raw tunnels. This check is independent of the code that builds rules, so that each verifies the
 * other.
 */
export function isOwnRule(rule: string): boolean {
  const [, host, path] = UNDER_A_PATH.exec(rule) ?? [];
  if (host !== undefined && path !== undefined) return isHostMatcher(host) && isPathPrefix(path);
  return rule === TUNNEL || rule.split(" || ").every(isHostMatcher);
}

/** The place that a request of a visitor asks for. */
export interface RequestedPlace {
  /** A host in normal form. */
  readonly host: string;
  /** Without a query, and without anything that Traefik would decode or normalize. */
  readonly path: string;
}

/** Where a rule matches. */
export interface MatchedPlace {
  /** The host of the rule: the requested one, or a wildcard that covers it. */
  readonly host: string;
  /** Null: the whole host. */
  readonly pathPrefix: string | null;
}

/**
 * Returns where an own rule matches a request, as Traefik decides it; null if it does not match. The refusal of raw
 * tunnels matches no request of a visitor.
 */
export function matchOfOwnRule(rule: string, { host, path }: RequestedPlace): MatchedPlace | null {
  const [, under, pathPrefix = null] = UNDER_A_PATH.exec(rule) ?? [];
  if (pathPrefix !== null && path !== pathPrefix && !path.startsWith(`${pathPrefix}/`)) return null;
  const matched = (under ?? rule)
    .split(" || ")
    .map(hostOfMatcher)
    .find((one) => one !== null && covers(one, host));
  return matched == null ? null : { host: matched, pathPrefix };
}

function covers(matched: string, host: string): boolean {
  if (!matched.startsWith("*.")) return matched === host;
  const dot = host.indexOf(".");
  return dot > 0 && host.slice(dot) === matched.slice(1);
}

function isHostMatcher(matcher: string): boolean {
  return hostOfMatcher(matcher) !== null;
}

/** The host of a matcher, with `*.` for one label; null if the compiler does not write such a matcher. */
function hostOfMatcher(matcher: string): string | null {
  const exact = HOST.exec(matcher)?.[1];
  if (exact !== undefined) return isExactHost(exact) ? exact : null;
  const parent = WILDCARD.exec(matcher)?.[1]?.slice(2).replaceAll("\\.", ".");
  return parent !== undefined && isExactHost(parent) ? `*.${parent}` : null;
}
