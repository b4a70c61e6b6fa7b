import type { Authorized } from "#src/access/authorized";
import type { Reach } from "#src/access/organization";
import type { Principal } from "#src/access/principal";
import { readAs } from "#src/access/read-as";
import { limits, take } from "#src/identity/limits";
import { operation } from "#src/operations/operation";
import { callerReach } from "#src/operations/subject";
import { Refusal } from "#src/platform/errors/refusal";
import { judgeUpstream, localNames, parseUpstream, type Upstream } from "#src/platform/net/upstreams";
import { takenByOthers } from "../claims/rows";
import { requireGateway } from "../gateways/rules";
import { prepareUpstreams, readGateway, rulesOfUpstreams } from "../routes/rules";
import { CheckedUpstream, CheckUpstream } from "./contract";

/**
 * Checks whether an upstream answers, before a route leads there. What no route may lead to gets no request, and the
 * connection goes to an address that was checked. Limits for the caller and the organization, and the same outcome for a
 * closed port and a service that does not speak HTTP, keep it from being a port scanner.
 * @throws Refusal `rate_limited`, `busy` | `no_gateway`, `not_found`
 */
export const check = operation(
  {
    name: "upstreams.check",
    summary: "Check whether an upstream answers, before a route leads there",
    permission: "route:create",
    on: callerReach,
    input: CheckUpstream,
    output: CheckedUpstream,
    errors: ["no_gateway"],
    rest: { method: "POST", path: "/upstreams/check" },
  },
  async (authorized, { url, gatewayId: named }) => {
    const { principal, organization, request } = authorized;
    const { organizationId } = organization;
    await take(request.runtime, limits.upstreamChecksOfCaller, callerOf(principal));
    await take(request.runtime, limits.upstreamChecksOfOrganization, organizationId);
    const gatewayId = await requireGateway(authorized, named);
    try {
      const { upstream, addresses } = await requireCheckable(authorized, gatewayId, url);
      const response = await request.runtime.upstreamWatch.check(upstream, addresses, organizationId);
      return {
        outcome: response.outcome,
        status: response.outcome === "answers" ? response.status : null,
        refusal: null,
      };
    } catch (error) {
      const refusal = refusalOfRoute(error);
      if (refusal === null) throw error;
      return { outcome: "not_allowed" as const, status: null, refusal };
    }
  },
);

type Checker = Authorized<"route:create", Reach>;

/**
 * The upstream with the addresses at which it may be checked: the rules of a route, and the same rules for every address
 * that its name has now.
 * @throws Refusal `invalid_upstream` | `upstream_taken`
 */
async function requireCheckable(authorized: Checker, gatewayId: string, url: string) {
  const { organization, request } = authorized;
  const { runtime } = request;
  const { listensOn } = await readGateway(authorized, gatewayId, undefined);
  const { keys } = await prepareUpstreams(runtime, organization, listensOn, [url]);
  const parsed = parseUpstream(url);
  if (!parsed.ok) throw new Refusal("invalid_upstream", { index: 0, url, problem: parsed.problem });
  const { upstream } = parsed;
  const addresses = await addressesOf(authorized, upstream);
  const rules = rulesOfUpstreams(runtime, organization, listensOn);
  const judged = judgeUpstream(upstream, { ...rules, resolved: upstream.address === null ? addresses : [] });
  if (!judged.ok) throw new Refusal("invalid_upstream", { index: 0, url, problem: judged.problem });
  const taken = await readAs(authorized, (tx) => takenByOthers(tx, gatewayId, "upstream", keys));
  if (taken.length > 0) throw new Refusal("upstream_taken", { upstreams: [url] });
  return { upstream, addresses };
}

/** In ms. A person waits for the answer. */
const dnsTimeoutMs = 1_000;

/** This machine is often named in a hosts file, which a resolver does not read. */
async function addressesOf({ request }: Checker, { host, address }: Upstream): Promise<readonly string[]> {
  if (address !== null) return [address];
  const { resolver, ownNames } = request.runtime;
  if (localNames.has(host) || host.endsWith(".localhost") || ownNames().includes(host)) return ["127.0.0.1", "::1"];
  return resolver.addresses(host, dnsTimeoutMs);
}

function callerOf(principal: Principal): string {
  if (principal.kind === "commandLine") return principal.kind;
  if (principal.kind === "session") return principal.userId;
  return principal.userId ?? principal.serviceAccountId ?? principal.apiKeyId;
}

/** The refusal of a route, as this operation reports it; null for every other error. */
function refusalOfRoute(error: unknown): CheckedUpstream["refusal"] {
  if (!(error instanceof Refusal)) return null;
  const { reason, message, fields = {} } = error;
  if (reason !== "invalid_upstream" && reason !== "upstream_taken") return null;
  return { reason, problem: Object.values(fields)[0] ?? reason, message };
}
