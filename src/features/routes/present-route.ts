import type { routes } from "../../../drizzle/routes";
import type { SyncState } from "../../platform/contract/sync-state";
import type { Route } from "./contract";

/** The public form of a route: upstreams as they were given. */
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
    createdAt: row.createdAt.toISOString(),
    sync: { changeId: sync.changeId, state: sync.state },
  };
}
