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

function isHostMatcher(matcher: string): boolean {
  const host = HOST.exec(matcher)?.[1] ?? WILDCARD.exec(matcher)?.[1]?.slice(2).replaceAll("\\.", ".");
  return host !== undefined && isExactHost(host);
}
