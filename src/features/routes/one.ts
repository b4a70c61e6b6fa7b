import { eq } from "drizzle-orm";
import { routes } from "#drizzle/routes";
import { readAs } from "#src/access/read-as";
import { syncStatesOf } from "#src/delivery/sync-states";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { Route, RouteById } from "./contract";
import { route } from "./resource";
import { presentRoute } from "./rows";

/** One route. */
export const one = operation(
  {
    name: "routes.one",
    summary: "Get a route",
    permission: "route:read",
    on: route,
    input: RouteById,
    output: Route,
    errors: [],
    rest: { method: "GET", path: "/routes/{routeId}" },
  },
  async (authorized) => {
    return readAs(authorized, async (tx) => {
      const [row] = await tx.select().from(routes).where(eq(routes.routeId, authorized.object.routeId));
      if (!row) throw new Refusal("not_found", authorized.named);
      const stateOf = await syncStatesOf(tx, [row.applicationId], authorized.request.runtime.clock.now());
      return presentRoute(row, { changeId: null, state: stateOf(row.applicationId) });
    });
  },
);
