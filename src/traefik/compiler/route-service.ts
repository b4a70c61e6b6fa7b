import type { LoadBalancer, ServersTransport, Service } from "./document";
import { inOrder } from "./in-order";
import type { RouteState, UpstreamState } from "./state";

export interface RouteServices {
  readonly services: Readonly<Record<string, Service>>;
  readonly serversTransports: Readonly<Record<string, ServersTransport>>;
}

/**
 * The services of a route, named after the route.
 *
 * A transport has one TLS name for all servers behind it, so upstreams with different names become separate balancers
 * under a weighted one. Plain `http` has no certificate and needs no name.
 */
export function routeServices(route: Pick<RouteState, "routeId" | "upstreams">): RouteServices {
  const groups = inOrder([...byServerName(route.upstreams)], ([name]) => name);
  const services: Record<string, Service> = {};
  const serversTransports: Record<string, ServersTransport> = {};
  const weights: { name: string; weight: number }[] = [];
  for (const [index, [serverName, urls]] of groups.entries()) {
    const name = groups.length === 1 ? route.routeId : `${route.routeId}-${index}`;
    if (serverName !== "") serversTransports[name] = { serverName };
    services[name] = balancer(urls, serverName === "" ? null : name);
    weights.push({ name, weight: urls.length });
  }
  if (groups.length > 1) services[route.routeId] = { weighted: { services: weights } };
  return { services, serversTransports };
}

function balancer(urls: readonly string[], serversTransport: string | null): LoadBalancer {
  const servers = inOrder(urls, (url) => url).map((url) => ({ url }));
  return { loadBalancer: { servers, ...(serversTransport === null ? {} : { serversTransport }) } };
}

/** Distinct addresses by the TLS name of their certificate; `""` for those that need none. */
function byServerName(upstreams: readonly UpstreamState[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { url, serverName } of upstreams) {
    const name = url.startsWith("https:") ? (serverName ?? "") : "";
    const urls = groups.get(name) ?? [];
    if (!urls.includes(url)) groups.set(name, [...urls, url]);
  }
  return groups;
}
