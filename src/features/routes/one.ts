import { eq } from "drizzle-orm";
import { routes } from "../../../drizzle/routes";
import type { Authorized } from "../../access/authorized";
import { readAs } from "../../access/read-as";
import { syncStatesOf } from "../../delivery/sync-states";
import { NotFound } from "../../platform/errors";
import type { Route } from "./contract";
import { presentRoute } from "./present-route";

/** One route. */
export async function getRoute(authorized: Authorized<"route:read", "route">): Promise<Route> {
  return readAs(authorized, async (tx) => {
    const [row] = await tx.select().from(routes).where(eq(routes.routeId, authorized.object.routeId));
    if (!row) throw new NotFound();
    const stateOf = await syncStatesOf(tx, [row.applicationId], authorized.request.runtime.clock.now());
    return presentRoute(row, { changeId: null, state: stateOf(row.applicationId) });
  });
}
