import { and, desc, eq, lt } from "drizzle-orm";
import { routes } from "#drizzle/routes";
import { readAs } from "#src/access/read-as";
import { pageOfRows } from "#src/database/page-of-rows";
import { syncStatesOf } from "#src/delivery/sync-states";
import { operation } from "#src/operations/operation";
import { orCaller } from "#src/operations/subject";
import { application } from "../applications/resource";
import { ListRoutes, RoutePage } from "./contract";
import { presentRoute } from "./rows";

/** The routes of an application, or of the whole organization; newest first. */
export const list = operation(
  {
    name: "routes.list",
    summary: "List routes, of one application or of the organization",
    permission: "route:read",
    on: orCaller(application),
    input: ListRoutes,
    output: RoutePage,
    errors: [],
    rest: { method: "GET", path: "/routes" },
  },
  async (authorized, input) => {
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
  },
);
