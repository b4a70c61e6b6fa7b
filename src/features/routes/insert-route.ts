import { routes } from "../../../drizzle/routes";
import type { Permission } from "../../access/permissions";
import type { Work } from "../../access/unit-of-work";
import { newId } from "../../platform/ids";
import type { LocatedApplication } from "../applications/resource";
import { claimPlace, orRouteTaken } from "./place-route";
import type { PreparedUpstreams } from "./prepare-route";

/** Claims a place for an application and makes the route; asks for the host's deny where it is new. */
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
    createdAt: work.now,
  };
  await work.tx
    .insert(routes)
    .values(row)
    .catch((error: unknown) => orRouteTaken(error, place));
  if (denyGroup !== null) work.deliver({ gatewayId, denyGroup, closes: false });
  work.deliver({ gatewayId, applicationId, closes: false });
  return row;
}
