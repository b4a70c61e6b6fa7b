import { eq } from "drizzle-orm";
import { routes } from "#drizzle/routes";
import { unitOfWork } from "#src/access/unit-of-work";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { releaseUpstreams } from "../claims/rows";
import { Route, RouteById } from "./contract";
import { route } from "./resource";
import { presentRoute } from "./rows";

/** Deletes a route, and returns its last state. Its host stays claimed, and denied, until `claims.release`. */
export const remove = operation(
  {
    name: "routes.delete",
    summary: "Delete a route; the host stays claimed and closed",
    permission: "route:delete",
    on: route,
    input: RouteById,
    output: Route,
    errors: [],
    rest: { method: "DELETE", path: "/routes/{routeId}" },
  },
  async (authorized) => {
    return unitOfWork(authorized, async (work) => {
      const { routeId, application } = work.authorized.object;
      const [row] = await work.tx.delete(routes).where(eq(routes.routeId, routeId)).returning();
      if (!row) throw new Refusal("not_found", authorized.named);
      await releaseUpstreams(work.tx, application.gatewayId, row.upstreamKeys);
      work.audit({ kind: "route", id: routeId }, { host: row.host, pathPrefix: row.pathPrefix });
      work.deliver({ gatewayId: application.gatewayId, applicationId: application.applicationId, closes: true });
      return presentRoute(row, work.sync);
    });
  },
);
