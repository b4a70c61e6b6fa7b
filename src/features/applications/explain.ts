import { and, asc, eq, inArray, isNotNull, or, sql } from "drizzle-orm";
import { applications } from "#drizzle/applications";
import { environments } from "#drizzle/projects";
import { claims, routes } from "#drizzle/routes";
import { isAllowed, visibleProjects } from "#src/access/authorization";
import type { Authorized } from "#src/access/authorized";
import type { Reach } from "#src/access/organization";
import { readAs } from "#src/access/read-as";
import type { Transaction } from "#src/database/database";
import { explainAtGateway } from "#src/delivery/compiled-place";
import { exposureOf } from "#src/delivery/exposure";
import { exposureFactsOf } from "#src/delivery/exposure-facts";
import { operation } from "#src/operations/operation";
import { callerReach } from "#src/operations/subject";
import { Refusal } from "#src/platform/errors/refusal";
import { parseHost } from "#src/platform/net/host-names";
import { parsePathPrefix } from "#src/platform/net/path-prefixes";
import { requireGateway } from "../gateways/rules";
import { ExplainedRequest, ExplainRequest } from "./contract";

type Asker = Authorized<"application:read", Reach>;

/** An explanation shows routes, upstreams and whether a username exists. */
const needed = ["application:read", "route:read", "security:read"] as const;

/**
 * Explains what the gateway does with a request of a visitor: which router answers, each check in the gateway's order,
 * and the verdict. It knows the routers of the caller's organization only. What other organizations have at the gateway
 * makes no difference to the response, and neither has what the caller may not see.
 * @throws Refusal `invalid_host` | `invalid_input` | `no_gateway`, `not_found` for the gateway
 */
export const explain = operation(
  {
    name: "applications.explain",
    summary: "Explain which router answers a request of a visitor, and what it checks",
    permission: "application:read",
    on: callerReach,
    input: ExplainRequest,
    output: ExplainedRequest,
    errors: ["invalid_host", "no_gateway"],
    rest: { method: "POST", path: "/applications/explain" },
    type: "query",
  },
  async (authorized, { host: typed, path, address = null, username = null, gatewayId: named }) => {
    const { runtime } = authorized.request;
    const { organizationId } = authorized.organization;
    const host = requireHost(typed);
    requirePath(path);
    const routed = await readAs(authorized, (tx) => routesAt(tx, host, path));
    const gatewayId = await requireGateway(authorized, named ?? routed[0]?.gatewayId);
    const here = routed.filter((route) => route.gatewayId === gatewayId);
    const denyGroups = await readAs(authorized, (tx) => denyGroupsOf(tx, gatewayId, host));
    const applicationIds = [...new Set(here.map(({ applicationId }) => applicationId))];
    const place = { organizationId, gatewayId, applicationIds, denyGroups };
    const now = runtime.clock.now();
    const explained = await explainAtGateway(runtime, place, { host, path, address, username }, now);
    const notHere = {
      gatewayId,
      host,
      verdict: "not_here" as const,
      status: null,
      router: null,
      checks: [],
      upstreams: [],
    };
    if (explained === null) return notHere;
    const { owner, router: name, matched, verdict, status, checks, upstreams } = explained;
    if (owner === null) {
      // The deny of a claimed host.
      if (!isAllowed(authorized.principal, authorized.organization, "claim:read")) return notHere;
      const router = { name, route: null, application: null };
      return { gatewayId, host, verdict, status, router, checks: [...checks], upstreams: [...upstreams] };
    }
    const application = here.find(({ applicationId }) => applicationId === owner);
    if (application === undefined || !isVisible(authorized, application.projectId)) return notHere;
    const facts = (await readAs(authorized, (tx) => exposureFactsOf(tx, [owner], now))).get(owner);
    if (facts === undefined) return notHere; // deleted in between
    const route = here.find(
      (one) =>
        one.applicationId === owner && one.host === matched.host && one.pathPrefix === (matched.pathPrefix ?? ""),
    );
    return {
      gatewayId,
      host,
      verdict,
      status,
      router: {
        name,
        route: route === undefined ? null : { routeId: route.routeId, ...matched },
        application: { applicationId: owner, name: application.name, exposure: exposureOf(facts) },
      },
      checks: [...checks],
      upstreams: [...upstreams],
    };
  },
);

/** @throws Refusal `invalid_host` a visitor asks for one name, without a wildcard */
function requireHost(text: string): string {
  const parsed = parseHost(text);
  if (!parsed.ok) throw new Refusal("invalid_host", { host: text, problem: parsed.problem });
  if (parsed.wildcard) throw new Refusal("invalid_host", { host: text, problem: "host_wildcard_misplaced" });
  return parsed.host;
}

/** Gateways and upstreams read other paths differently, so that no answer would be certain. @throws Refusal `invalid_input` */
function requirePath(path: string): void {
  const parsed = parsePathPrefix(path);
  if (!parsed.ok) throw new Refusal("invalid_input", { fields: { path: parsed.problem } });
}

/** The host, and the wildcard that covers it. */
function hostsCovering(host: string): string[] {
  const dot = host.indexOf(".");
  return dot < 0 ? [host] : [host, `*${host.slice(dot)}`];
}

/** The organization's routes that can match, on all gateways. */
function routesAt(tx: Transaction, host: string, path: string) {
  return tx
    .select({
      routeId: routes.routeId,
      gatewayId: routes.gatewayId,
      host: routes.host,
      pathPrefix: routes.pathPrefix,
      applicationId: applications.applicationId,
      name: applications.name,
      projectId: environments.projectId,
    })
    .from(routes)
    .innerJoin(applications, eq(applications.applicationId, routes.applicationId))
    .innerJoin(environments, eq(environments.environmentId, applications.environmentId))
    .where(
      and(
        inArray(routes.host, hostsCovering(host)),
        or(inArray(routes.pathPrefix, ["", path]), sql`starts_with(${path}::text, ${routes.pathPrefix} || '/')`),
      ),
    )
    .orderBy(asc(routes.gatewayId), asc(routes.routeId));
}

async function denyGroupsOf(tx: Transaction, gatewayId: string, host: string): Promise<number[]> {
  const rows = await tx
    .selectDistinct({ group: claims.denyGroup })
    .from(claims)
    .where(
      and(
        eq(claims.gatewayId, gatewayId),
        eq(claims.kind, "host"),
        isNotNull(claims.denyGroup),
        inArray(claims.value, hostsCovering(host)),
      ),
    );
  return rows.flatMap(({ group }) => group ?? []);
}

function isVisible({ principal, organization, object }: Asker, projectId: string): boolean {
  return needed.every((permission) => {
    const visible = visibleProjects(principal, organization, object, permission);
    return visible === "all" || visible.includes(projectId);
  });
}
