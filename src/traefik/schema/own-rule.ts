import { isExactHost, isPathPrefix } from "../compiler/well-formed";

/** The refusal of raw tunnels, the only rule here that names no host. */
const TUNNEL = "HeaderRegexp(`Upgrade`, `(?i)h2c`)";
const HOST = /^Host\(`([^`]*)`\)$/;
const WILDCARD = /^HostRegexp\(`\^\[\^\.\]\+((?:\\\.[^`\\]+)+)\\\.\?\$`\)$/;
const UNDER_A_PATH = /^(.*) && \(Path\(`([^`]*)`\) \|\| PathPrefix\(`\2\/`\)\)$/;

/**
 * Whether a rule is one that this compiler writes: a host or a list of hosts, a host and whole path segments, or the
 * refusal of raw tunnels. Written apart from what builds rules, so that each holds the other.
 */
export function isOwnRule(rule: string): boolean {
  const [, host, path] = UNDER_A_PATH.exec(rule) ?? [];
  if (host !== undefined && path !== undefined) return isHostMatcher(host) && isPathPrefix(path);
  return rule === TUNNEL || rule.split(" || ").every(isHostMatcher);
}

function isHostMatcher(matcher: string): boolean {
  const host = HOST.exec(matcher)?.[1] ?? WILDCARD.exec(matcher)?.[1]?.slice(2).replaceAll("\\.", ".");
  return host !== undefined && isExactHost(host);
}
