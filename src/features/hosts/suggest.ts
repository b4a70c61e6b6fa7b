import { and, eq, inArray } from "drizzle-orm";
import { claims, routes } from "#drizzle/routes";
import { isAllowed } from "#src/access/authorization";
import { readAs } from "#src/access/read-as";
import type { Transaction } from "#src/database/database";
import { operation } from "#src/operations/operation";
import { callerReach, orElse } from "#src/operations/subject";
import { hostOfOrigin } from "#src/platform/net/reserved-hosts";
import { takenByOthers } from "../claims/rows";
import { environment } from "../environments/resource";
import { requireGateway } from "../gateways/rules";
import { SuggestedHosts, SuggestHosts } from "./contract";
import { candidatesBelow, parentsOf } from "./rules";

/**
 * Suggests hosts for a new application that no organization has claimed at the gateway: below `localhost` in
 * development, and below the hosts that the organization has claimed, if the caller may see them. Nothing is claimed.
 * @throws Refusal `no_gateway` | `not_found` the organization may not use the gateway
 */
export const suggest = operation(
  {
    name: "hosts.suggest",
    summary: "Suggest free host names for a new application",
    permission: "application:create",
    on: orElse(environment, callerReach),
    input: SuggestHosts,
    output: SuggestedHosts,
    errors: ["no_gateway"],
    rest: { method: "GET", path: "/hosts/suggest" },
  },
  async (authorized, input) => {
    const { principal, organization, object, request } = authorized;
    const gatewayId = await requireGateway(authorized, input.gatewayId);
    const kind = "environmentId" in object ? object.kind : null;
    const publicHost = hostOfOrigin(request.runtime.signIn.publicOrigin);
    return readAs(authorized, async (tx) => {
      const seesClaims = isAllowed(principal, organization, "claim:read");
      const parents = parentsOf(seesClaims ? await claimedHosts(tx, gatewayId) : [], kind);
      const byParent = parents.map((parent) => candidatesBelow(parent, input.name, publicHost));
      const taken = await takenHosts(tx, gatewayId, byParent.flat());
      return { gatewayId, hosts: byParent.flatMap((hosts) => hosts.find((host) => !taken.has(host)) ?? []) };
    });
  },
);

/** The hosts of an organization are few, and a suggestion needs only some of them. */
const mostClaims = 200;

async function claimedHosts(tx: Transaction, gatewayId: string): Promise<string[]> {
  const rows = await tx
    .select({ value: claims.value })
    .from(claims)
    .where(and(eq(claims.gatewayId, gatewayId), eq(claims.kind, "host")))
    .orderBy(claims.claimId)
    .limit(mostClaims);
  return rows.map(({ value }) => value);
}

/** The hosts that another organization has claimed, or that a route of this one uses. */
async function takenHosts(tx: Transaction, gatewayId: string, hosts: readonly string[]): Promise<ReadonlySet<string>> {
  if (hosts.length === 0) return new Set();
  const used = await tx
    .selectDistinct({ host: routes.host })
    .from(routes)
    .where(and(eq(routes.gatewayId, gatewayId), inArray(routes.host, [...hosts])));
  return new Set([...used.map(({ host }) => host), ...(await takenByOthers(tx, gatewayId, "host", hosts))]);
}
