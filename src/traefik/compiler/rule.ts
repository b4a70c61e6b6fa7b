import { isHost, isPathPrefix, isWildcard } from "./well-formed";

/**
 * The rule that matches one host, or one label for `*`.
 *
 * Traefik lower-cases the host and removes the port before both matchers, but only `Host` handles a trailing dot
 * (3.7.9), so the pattern includes it.
 * @throws TypeError for a host that is not in normal form
 */
export function hostRule(host: string): string {
  if (!isHost(host)) throw new TypeError("hostRule: not a host in normal form");
  if (!isWildcard(host)) return `Host(\`${host}\`)`;
  return `HostRegexp(\`^[^.]+${host.slice(1).replaceAll(".", "\\.")}\\.?$\`)`;
}

/**
 * The rule of a route: a host, and optionally whole path segments below it.
 * @throws TypeError for a host or path that is not in normal form
 */
export function routeRule(host: string, pathPrefix: string | null): string {
  if (pathPrefix === null) return hostRule(host);
  if (!isPathPrefix(pathPrefix)) throw new TypeError("routeRule: not a path prefix in normal form");
  return `${hostRule(host)} && (Path(\`${pathPrefix}\`) || PathPrefix(\`${pathPrefix}/\`))`;
}
