import { and, desc, eq, lt } from "drizzle-orm";
import { routes } from "../../../drizzle/routes";
import type { Authorized } from "../../access/authorized";
import { readAs } from "../../access/read-as";
import { pageOfRows } from "../../database/page";
import { syncStatesOf } from "../../delivery/sync-states";
import type { ListRoutes, Route } from "./contract";
import { presentRoute } from "./present-route";

/** The routes of an application, or of the whole organization; newest first. */
export async function listRoutes(
  authorized: Authorized<"route:read", "application" | "organization">,
  input: ListRoutes,
): Promise<{ items: Route[]; nextCursor: string | null }> {
  return readAs(authorized, async (tx) => {
    const rows = await tx
      .select()
      .from(routes)
      .where(
        and(
          input.applicationId === undefined ? undefined : eq(routes.applicationId, input.applicationId),
          input.cursor === undefined ? undefined : lt(routes.routeId, input.cursor),
        ),
      )
      .orderBy(desc(routes.routeId))
      .limit(input.limit + 1);
    const applicationIds = rows.map((row) => row.applicationId);
    const stateOf = await syncStatesOf(tx, applicationIds, authorized.request.runtime.clock.now());
    return pageOfRows(
      rows,
      input,
      (row) => row.routeId,
      (row) => presentRoute(row, { changeId: null, state: stateOf(row.applicationId) }),
    );
  });
}
