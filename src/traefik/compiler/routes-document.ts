import { CLOSED_MIDDLEWARE } from "./closed-middleware";
import {
  type HttpDocument,
  type Middleware,
  type Router,
  type ServersTransport,
  type Service,
  unlessEmpty,
} from "./document";
import { inOrder } from "./in-order";
import { NOOP_SERVICE, PASS_MIDDLEWARE } from "./names";
import { routePriority, twinPriority } from "./priority";
import { realmOf } from "./realm";
import { canonical } from "./render-document";
import { routeServices } from "./route-service";
import { routeRule } from "./rule";
import { secretCode } from "./secret-code";
import type { ApplicationState, GatewayState, Probe, RouteState } from "./state";
import { tagMiddleware } from "./tag-middleware";

/** Which routes lead where. This is decided before anything is built. */
export interface RoutePlan {
  /** Routes that lead to their upstreams, behind `users` if there are any. */
  readonly open: readonly RouteState[];
  /** Routes that answer without an upstream, and let no request pass. */
  readonly closed: readonly RouteState[];
  /** `username:hash` lines, at least one; `null` if the open routes require no credential. */
  readonly users: readonly string[] | null;
}

export interface RoutesDocument {
  readonly document: HttpDocument;
  readonly tag: string;
  readonly twinTag: string;
  readonly probes: readonly Probe[];
}

/** Builds routers, middlewares and services from a plan. All values in it have already been checked. */
export function routesDocument(
  state: Pick<ApplicationState, "applicationId" | "name">,
  gateway: GatewayState,
  plan: RoutePlan,
): RoutesDocument {
  const names = namesOf(state.applicationId);
  const routers: Record<string, Router> = {};
  const services: Record<string, Service> = {};
  const serversTransports: Record<string, ServersTransport> = {};
  const middlewares: Record<string, Middleware> = {};
  const probes: Probe[] = [];

  if (plan.users !== null) {
    const realm = realmOf(state.name, state.applicationId);
    middlewares[names.auth] = { basicAuth: { users: plan.users, removeHeader: true, realm } };
  }
  const lock = plan.users === null ? [] : [names.auth];
  const tagged = (...chain: string[]) =>
    gateway.tags ? chain : chain.filter((name) => name === names.auth || name === names.closed);
  for (const route of plan.open) {
    const built = routeServices(route);
    Object.assign(services, built.services);
    Object.assign(serversTransports, built.serversTransports);
    const chain = tagged(names.tag, ...lock, PASS_MIDDLEWARE);
    routers[route.routeId] = router(gateway, route, routePriority, route.routeId, chain);
    probes.push(probe(route, plan.users === null ? "passed" : "stopped"));
  }
  for (const route of plan.closed) {
    routers[route.routeId] = router(gateway, route, routePriority, NOOP_SERVICE, tagged(names.tag, names.closed));
    probes.push(probe(route, "stopped"));
  }
  const prefixed = [...plan.open, ...plan.closed].filter((route) => route.pathPrefix !== null);
  for (const route of prefixed) {
    routers[`${route.routeId}-deny`] = router(
      gateway,
      route,
      twinPriority,
      NOOP_SERVICE,
      tagged(names.twin, names.closed),
    );
  }
  if (plan.closed.length > 0 || prefixed.length > 0) middlewares[names.closed] = CLOSED_MIDDLEWARE;

  const parts = {
    ...unlessEmpty("services", services),
    ...unlessEmpty("serversTransports", serversTransports),
  };
  const { tag, twinTag } = tagsOf(state.applicationId, gateway, { routers, middlewares, ...parts });
  if (gateway.tags) {
    middlewares[names.tag] = tagMiddleware(tag);
    if (prefixed.length > 0) middlewares[names.twin] = tagMiddleware(twinTag);
  }
  return {
    document: { routers, ...unlessEmpty("middlewares", middlewares), ...parts },
    tag,
    twinTag,
    probes: inOrder(probes, ({ routeId }) => routeId),
  };
}

/** The tags of a compile. They cover everything in it except the tags. */
function tagsOf(
  applicationId: string,
  { tagKey }: Pick<GatewayState, "tagKey">,
  parts: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
): { readonly tag: string; readonly twinTag: string } {
  const compiled = canonicalText(parts);
  return {
    tag: secretCode(tagKey, "tag", [applicationId, compiled]),
    twinTag: secretCode(tagKey, "twin", [applicationId, compiled]),
  };
}

/**
 * Checks whether a document is a compile of this application for this gateway, at any time: its tag must match the rest
 * of it, and only the gateway's key can produce the tag. Without tags, this cannot be determined.
 */
export function isCompileOf(
  applicationId: string,
  gateway: Pick<GatewayState, "tagKey">,
  http: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
): boolean {
  const names = namesOf(applicationId);
  const { routers = {}, services, serversTransports, middlewares: all = {} } = http;
  const { [names.tag]: tag, [names.twin]: _, ...middlewares } = all;
  const parts = { ...(services ? { services } : {}), ...(serversTransports ? { serversTransports } : {}) };
  const expected = tagMiddleware(tagsOf(applicationId, gateway, { routers, middlewares, ...parts }).tag);
  return JSON.stringify(tag) === JSON.stringify(expected);
}

function namesOf(applicationId: string) {
  return {
    tag: `${applicationId}-tag`,
    auth: `${applicationId}-auth`,
    twin: `${applicationId}-deny`,
    closed: `${applicationId}-closed`,
  };
}

function router(
  gateway: GatewayState,
  route: RouteState,
  priority: (host: string, pathPrefix: string | null) => number,
  service: string,
  chain: readonly string[],
): Router {
  return {
    entryPoints: [gateway.entryPoint],
    rule: routeRule(route.host, route.pathPrefix),
    priority: priority(route.host, route.pathPrefix),
    service,
    ...(chain.length > 0 ? { middlewares: chain } : {}),
  };
}

function probe(route: RouteState, expect: Probe["expect"]): Probe {
  return { routeId: route.routeId, host: route.host, path: route.pathPrefix ?? "/", expect };
}

/** Renders every part as its sorted entries. Empty parts are allowed, because no file is written from this text. */
function canonicalText(parts: Readonly<Record<string, Readonly<Record<string, unknown>>>>): string {
  const entries = Object.entries(parts).map(([part, held]) => [
    part,
    inOrder(Object.entries(held), ([name]) => name).map(([name, value]) => [name, canonical(value)]),
  ]);
  return JSON.stringify(entries);
}
