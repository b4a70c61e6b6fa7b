import { eq } from "drizzle-orm";
import { routes } from "../../../drizzle/routes";
import type { Authorized } from "../../access/authorized";
import { unitOfWork } from "../../access/unit-of-work";
import { NotFound } from "../../platform/errors";
import { releaseUpstreams } from "../claims/claim-functions";
import type { Route } from "./contract";
import { presentRoute } from "./present-route";

/** Takes a route away, and answers what it was. Its host stays claimed, and denied, until `claims.release`. */
export async function deleteRoute(authorized: Authorized<"route:delete", "route">): Promise<Route> {
  return unitOfWork(authorized, async (work) => {
    const { routeId, application } = work.authorized.object;
    const [row] = await work.tx.delete(routes).where(eq(routes.routeId, routeId)).returning();
    if (!row) throw new NotFound();
    await releaseUpstreams(work.tx, application.gatewayId, row.upstreamKeys);
    work.audit("routes.delete", { kind: "route", id: routeId }, { host: row.host, pathPrefix: row.pathPrefix });
    work.deliver({ gatewayId: application.gatewayId, applicationId: application.applicationId, closes: true });
    return presentRoute(row, work.sync);
  });
}
