import { and, arrayOverlaps, eq, ne } from "drizzle-orm";
import { routes } from "../../../drizzle/routes";
import type { Transaction } from "../../database/database";
import { violatedConstraint } from "../../database/database-errors";
import { Refusal } from "../../platform/errors/refusal";
import { hostsOverlap } from "../../platform/net/host-names";
import { claimHost, claimUpstreams } from "../claims/claim-functions";
import type { PreparedUpstreams } from "./prepare-route";

/** A place that an application wants on its gateway. */
export interface WantedPlace extends PreparedUpstreams {
  readonly applicationId: string;
  readonly gatewayId: string;
  readonly host: string;
}

/**
 * Claims a route's host and upstreams for the organization.
 * @returns the deny group whose file has to be delivered, or null when it stands already
 * @throws Refusal `host_taken` | `upstream_taken` another organization has it | `upstream_shared` another application
 *   of this organization leads to the same upstream under the same host, where a path is no boundary
 */
export async function claimPlace(tx: Transaction, wanted: WantedPlace, now: Date): Promise<number | null> {
  const claim = await claimHost(tx, wanted.gatewayId, wanted.host, now);
  if (claim.outcome === "taken") {
    throw new Refusal("host_taken", { host: wanted.host });
  }
  if ((await claimUpstreams(tx, wanted.gatewayId, wanted.keys, now)) === "taken") {
    throw new Refusal("upstream_taken", { upstreams: givenUrls(wanted) });
  }
  await requireOwnUpstream(tx, wanted);
  return claim.outcome === "claimed" ? claim.denyGroup : null;
}

async function requireOwnUpstream(tx: Transaction, wanted: WantedPlace): Promise<void> {
  const sharing = await tx
    .select({ host: routes.host })
    .from(routes)
    .where(
      and(
        eq(routes.gatewayId, wanted.gatewayId),
        ne(routes.applicationId, wanted.applicationId),
        arrayOverlaps(routes.upstreamKeys, [...wanted.keys]),
      ),
    );
  if (sharing.some((route) => hostsOverlap(route.host, wanted.host))) {
    throw new Refusal("upstream_shared", { host: wanted.host, upstreams: givenUrls(wanted) });
  }
}

function givenUrls({ upstreams }: WantedPlace): string[] {
  return [...new Set(upstreams.map(({ given }) => given))];
}

/** @throws Refusal `route_taken` for a host and path that another route of the organization has */
export function orRouteTaken(error: unknown, place: { readonly host: string; readonly pathPrefix: string }): never {
  if (violatedConstraint(error) === "routes_place") {
    throw new Refusal("route_taken", { host: place.host, pathPrefix: place.pathPrefix });
  }
  throw error;
}
