import { firstVersion } from "#drizzle/columns";
import { routes } from "#drizzle/routes";
import type { Permission } from "#src/access/permissions";
import type { Work } from "#src/access/unit-of-work";
import type { SyncState } from "#src/platform/contract/sync-state";
import { newId } from "#src/platform/ids";
import type { LocatedApplication } from "../applications/resource";
import type { Route } from "./contract";
import type { PreparedUpstreams } from "./rules";
import { claimPlace, orRouteTaken } from "./rules";

/** The public form of a route, with upstreams as they were given. */
export function presentRoute(
  row: typeof routes.$inferSelect,
  sync: { readonly changeId: string | null; readonly state: SyncState },
): Route {
  return {
    routeId: row.routeId,
    applicationId: row.applicationId,
    gatewayId: row.gatewayId,
    host: row.host,
    pathPrefix: row.pathPrefix === "" ? null : row.pathPrefix,
    upstreams: [...new Set(row.upstreams.map((upstream) => upstream.given))].map((url) => ({ url })),
    enabled: row.enabled,
    createdAt: row.createdAt.toISOString(),
    version: row.version,
    sync: { changeId: sync.changeId, state: sync.state },
  };
}

/** Claims a place for an application and inserts the route. If the host is new, requests delivery of its deny. */
export async function insertRoute<P extends Permission, O>(
  work: Work<P, O>,
  application: Pick<LocatedApplication, "applicationId" | "gatewayId">,
  place: { readonly host: string; readonly pathPrefix: string } & PreparedUpstreams,
): Promise<typeof routes.$inferSelect> {
  const { applicationId, gatewayId } = application;
  const denyGroup = await claimPlace(work.tx, { applicationId, gatewayId, ...place }, work.now);
  const row = {
    routeId: newId("route"),
    organizationId: work.organizationId,
    applicationId,
    gatewayId,
    host: place.host,
    pathPrefix: place.pathPrefix,
    upstreams: place.upstreams,
    upstreamKeys: [...place.keys],
    enabled: true,
    createdAt: work.now,
    version: firstVersion,
  };
  await work.tx
    .insert(routes)
    .values(row)
    .catch((error: unknown) => orRouteTaken(error, place));
  if (denyGroup !== null) work.deliver({ gatewayId, denyGroup, closes: false });
  work.deliver({ gatewayId, applicationId, closes: false });
  return row;
}
