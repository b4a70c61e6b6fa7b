import { countsOf } from "./counts-of";
import { routeFingerprint } from "./fingerprint";
import { inOrder } from "./in-order";
import type { Diagnostic, RouteState, UpstreamState } from "./state";
import { isHost, isId, isPathPrefix, isServerName, isUpstreamUrl } from "./well-formed";

/** A route whose rule can be built. */
export interface BuildableRoute {
  readonly route: RouteState;
  readonly fingerprint: string;
  /** False if the rule is valid, but the route may not lead to an upstream. */
  readonly servable: boolean;
}

export interface CheckedRoutes {
  readonly buildable: readonly BuildableRoute[];
  readonly problems: readonly Diagnostic[];
}

/** Splits routes into those whose rule can be built, and the problems of these and of the others. */
export function checkRoutes(rows: readonly RouteState[], key: Uint8Array): CheckedRoutes {
  const buildable: BuildableRoute[] = [];
  const problems: Diagnostic[] = [];
  const ids = countsOf(rows, (row) => row.routeId);
  const places = countsOf(rows, placeOf);
  for (const route of inOrder(rows, (row) => JSON.stringify([row.routeId, row.host, row.pathPrefix]))) {
    const unbuildable = ruleProblem(route, ids);
    const problem = unbuildable ?? serviceProblem(route, places);
    if (problem !== null) problems.push({ subject: isId(route.routeId) ? route.routeId : "route", problem });
    if (unbuildable !== null) continue;
    buildable.push({ route, fingerprint: routeFingerprint(key, route), servable: problem === null });
  }
  return { buildable, problems };
}

const placeOf = ({ host, pathPrefix }: RouteState) => JSON.stringify([host, pathPrefix]);

function ruleProblem(route: RouteState, ids: ReadonlyMap<string, number>): string | null {
  if (!isId(route.routeId)) return "bad_id";
  if (ids.get(route.routeId) !== 1) return "duplicate_id";
  if (!isHost(route.host)) return "bad_host";
  if (route.pathPrefix !== null && !isPathPrefix(route.pathPrefix)) return "bad_path";
  return null;
}

function serviceProblem(route: RouteState, places: ReadonlyMap<string, number>): string | null {
  if (places.get(placeOf(route)) !== 1) return "duplicate_route";
  if (route.upstreams.length === 0) return "no_upstream";
  return route.upstreams.every(isUpstream) ? null : "bad_upstream";
}

function isUpstream({ url, serverName }: UpstreamState): boolean {
  return isUpstreamUrl(url) && (serverName === null || isServerName(serverName));
}
