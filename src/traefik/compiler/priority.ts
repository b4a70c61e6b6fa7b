import { isWildcard } from "./well-formed";

/**
 * Traefik's default priority is the length of the rule, which a foreign router can make long. Its maximum is MaxInt64 −
 * 1000. All priorities here are at least 2^40, in tiers that are wider than the maximum depth of a path.
 */
const BASE = 2 ** 40;
const TIER = 2 ** 20;

const WILDCARD_DENY = BASE;
const WILDCARD_ROUTES = BASE + TIER;
const EXACT_DENY = BASE + 2 * TIER;
const EXACT_ROUTES = BASE + 3 * TIER;

/** Above every route: a request for a raw tunnel is refused before anything else. */
export const H2C_DENY_PRIORITY = BASE + 4 * TIER;

/** The priority of a route: deeper paths before shallower ones, exact hosts before wildcards. */
export function routePriority(host: string, pathPrefix: string | null): number {
  const depth = pathPrefix === null ? 0 : pathPrefix.split("/").length - 1;
  return (isWildcard(host) ? WILDCARD_ROUTES : EXACT_ROUTES) + 2 * depth + 1;
}

/** The priority of a route's deny twin: one below the route, and above every shallower route. */
export function twinPriority(host: string, pathPrefix: string | null): number {
  return routePriority(host, pathPrefix) - 1;
}

/** The priority of the deny of claimed hosts: below every route of such hosts. */
export function denyPriority(kind: "exact" | "wildcard"): number {
  return kind === "exact" ? EXACT_DENY : WILDCARD_DENY;
}
