import { parseHost } from "#src/platform/net/host-names";
import { reservedFor } from "#src/platform/net/reserved-hosts";
import { nextSlug, slugOf } from "#src/platform/slugs";

/** The names under which a new host may be suggested, best one first. */
const mostParents = 5;

/** How many numbered hosts are tried under one parent: `wiki.localhost`, `wiki-2.localhost`, … */
const numbered = 20;

/** The domain whose names browsers resolve to their own computer (RFC 6761). */
const ownComputer = "localhost";

/**
 * The parents of a new host: the names below which the organization already has hosts, the widest first, and
 * `localhost` for an application in development. An application whose environment does not exist yet can be either.
 * @param claimed the organization's claimed hosts
 */
export function parentsOf(claimed: readonly string[], kind: "development" | "production" | null): string[] {
  const own = claimed
    .map((host) => host.replace(/^\*\./, ""))
    .filter((host) => host !== ownComputer && !host.endsWith(`.${ownComputer}`))
    .sort((one, other) => labelsOf(one) - labelsOf(other) || (one < other ? -1 : 1));
  const local = kind === "production" ? [] : [ownComputer];
  const all = kind === "development" ? [...local, ...own] : [...own, ...local];
  return [...new Set(all)].slice(0, mostParents);
}

/**
 * The hosts that may be suggested for an application's name below a parent, in order of preference.
 * @param publicHost the host of the control plane's public address
 */
export function candidatesBelow(parent: string, name: string, publicHost: string | null): string[] {
  const base = slugOf(name);
  const slugs = new Set<string>();
  while (slugs.size < numbered) slugs.add(nextSlug(base, slugs));
  return [...slugs]
    .map((slug) => parseHost(`${slug}.${parent}`))
    .flatMap((parsed) => (parsed.ok && reservedFor(parsed.host, publicHost) === null ? [parsed.host] : []));
}

function labelsOf(host: string): number {
  return host.split(".").length;
}
