import { and, arrayOverlaps, eq, ne } from "drizzle-orm";
import { gateways } from "#drizzle/gateways";
import { claims, routes, type StoredUpstream } from "#drizzle/routes";
import type { Authorized } from "#src/access/authorized";
import type { Organization } from "#src/access/organization";
import type { Permission } from "#src/access/permissions";
import { readAs } from "#src/access/read-as";
import type { Runtime } from "#src/access/runtime";
import type { Transaction } from "#src/database/database";
import { violatedConstraint } from "#src/database/database-errors";
import { Refusal } from "#src/platform/errors/refusal";
import { hostsOverlap, parseHost } from "#src/platform/net/host-names";
import { dialable } from "#src/platform/net/listen-address";
import { parsePathPrefix } from "#src/platform/net/path-prefixes";
import { hostOfOrigin, reservedFor } from "#src/platform/net/reserved-hosts";
import {
  type HostAndPort,
  isThisMachine,
  judgeUpstream,
  parseUpstream,
  type UpstreamProblem,
  type UpstreamRules,
  upstreamClaimKeys,
} from "#src/platform/net/upstreams";
import { claimHost, claimUpstreams } from "../claims/rows";

/** A host and path that an application requests on its gateway. */
export interface WantedPlace extends PreparedUpstreams {
  readonly applicationId: string;
  readonly gatewayId: string;
  readonly host: string;
}

/**
 * Claims a route's host and upstreams for the organization.
 * @returns the deny group whose file has to be delivered, or null if the deny exists already
 * @throws Refusal `host_taken` | `upstream_taken` another organization has it | `upstream_shared` another application
 * of this organization uses the same upstream under the same host, and a path is not a security boundary
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

/** The upstreams of a route as they are stored and claimed. */
export interface PreparedUpstreams {
  readonly upstreams: readonly StoredUpstream[];
  /** Every name and address that they may reach, for the claim. */
  readonly keys: readonly string[];
}

/** @throws Refusal `invalid_host`, with the rule that it breaks | `host_reserved` */
export function requireHost(text: string, { signIn }: Pick<Runtime, "signIn">): string {
  const parsed = parseHost(text);
  if (!parsed.ok) throw new Refusal("invalid_host", { host: text, problem: parsed.problem });
  const { host } = parsed;
  const publicHost = hostOfOrigin(signIn.publicOrigin);
  const reserved = reservedFor(host, publicHost);
  if (reserved === null) return host;
  throw new Refusal("host_reserved", { host, reserved, publicHost });
}

/**
 * Refuses a host if a service that Portcullis did not configure already answers for it at the gateway. A host that the
 * organization has claimed is not probed: its own deny or route answers there, or is being delivered. A gateway whose
 * responses carry no tags is not probed either, because its own routes could not be distinguished from others. It sends
 * a request to the gateway, so call it before the transaction.
 * @throws Refusal `host_served_elsewhere`, with the response | `rate_limited` | `busy`
 */
export async function requireNotServed<P extends Permission, O>(
  authorized: Authorized<P, O>,
  gateway: PreparedGateway,
  host: string,
): Promise<void> {
  if (gateway.holdsHost || !gateway.tags) return;
  const { request, organization } = authorized;
  const { hostWatch } = request.runtime;
  const seen = await hostWatch.servedElsewhere(gateway.address, host, organization.organizationId);
  if (seen === null) return;
  throw new Refusal("host_served_elsewhere", { host, status: seen.status, server: seen.server });
}

/** @returns the empty text for the whole host. @throws Refusal `invalid_path`, with the rule that it breaks */
export function requirePathPrefix(text: string | null | undefined): string {
  const parsed = parsePathPrefix(text ?? "/");
  if (parsed.ok) return parsed.pathPrefix ?? "";
  throw new Refusal("invalid_path", { path: text ?? "", problem: parsed.problem });
}

/**
 * How long an organization whose upstreams are not checked waits for DNS, in ms. After that, a name is not resolved.
 */
const dnsTimeoutMs = 1_000;

function hostAndPortOf(origin: string): HostAndPort {
  const { hostname, port, protocol } = new URL(origin);
  return { host: hostname.replace(/\.$/, ""), port: Number(port) || (protocol === "https:" ? 443 : 80) };
}

/** The rules for upstreams of an organization's routes at a gateway, without the addresses of a name. */
export function rulesOfUpstreams(
  runtime: Runtime,
  organization: Organization,
  gatewayListensOn: readonly HostAndPort[],
): Omit<UpstreamRules, "resolved"> {
  return {
    mode: organization.upstreams,
    ownAddresses: [...runtime.ownAddresses(), ...runtime.ownNames()],
    forbidden: [...runtime.listensOn, ...gatewayListensOn],
    publicAddress: hostAndPortOf(runtime.signIn.publicOrigin),
  };
}

/**
 * Determines where a route may point. If the organization's upstreams are `checked`, every name is resolved here, and
 * the addresses go into the file, because Traefik resolves names again and a tenant can change their own DNS record
 * later. It uses DNS, so call it before the transaction.
 * @throws Refusal `invalid_upstream`, with the rule that it breaks
 */
export async function prepareUpstreams(
  runtime: Runtime,
  organization: Organization,
  gatewayListensOn: readonly HostAndPort[],
  urls: readonly string[],
): Promise<PreparedUpstreams> {
  const rules = rulesOfUpstreams(runtime, organization, gatewayListensOn);
  const { ownAddresses } = rules;
  const prepared: PreparedUpstreams[] = [];
  for (const [index, url] of urls.entries()) {
    const refuse = (problem: UpstreamProblem) => new Refusal("invalid_upstream", { index, url, problem });
    const parsed = parseUpstream(url);
    if (!parsed.ok) throw refuse(parsed.problem);
    const { upstream } = parsed;
    const pinned = organization.upstreams === "checked" && upstream.address === null;
    const within = pinned ? undefined : dnsTimeoutMs;
    const named = upstream.address === null ? await runtime.resolver.addresses(upstream.host, within) : [];
    // For a name that is left to the gateway, only addresses of this machine count, as for another tenant's name.
    const resolved = [...named].filter((address) => pinned || isThisMachine(address, ownAddresses)).sort();
    const judged = judgeUpstream(upstream, { ...rules, resolved });
    if (!judged.ok) throw refuse(judged.problem);
    prepared.push({
      upstreams: pinned
        ? resolved.map((address) => ({
            url: `${upstream.scheme}://${address.includes(":") ? `[${address}]` : address}:${upstream.port}`,
            given: upstream.url,
            serverName: upstream.scheme === "https" ? upstream.host : null,
          }))
        : [{ url: upstream.url, given: upstream.url, serverName: null }],
      keys: upstreamClaimKeys(upstream, resolved, ownAddresses),
    });
  }
  const byUrl = new Map(prepared.flatMap((one) => one.upstreams).map((upstream) => [upstream.url, upstream]));
  return { upstreams: [...byUrl.values()], keys: [...new Set(prepared.flatMap((one) => one.keys))].sort() };
}

/** The fields of a gateway that decide about a route on it. */
export interface PreparedGateway {
  /** The address at which it serves visitors, `host:port`. */
  readonly address: string;
  readonly tags: boolean;
  /** The addresses at which it listens. No route may point there. */
  readonly listensOn: readonly HostAndPort[];
  /** Whether the organization has claimed the wanted host there. */
  readonly holdsHost: boolean;
}

/** @throws Refusal `not_found` */
export async function readGateway<P extends Permission, O>(
  authorized: Authorized<P, O>,
  gatewayId: string,
  host: string | undefined,
): Promise<PreparedGateway> {
  const [row] = await readAs(authorized, (tx) =>
    tx
      .select({
        address: gateways.address,
        probeAddress: gateways.probeAddress,
        tags: gateways.tags,
        claimId: claims.claimId,
      })
      .from(gateways)
      .leftJoin(
        claims,
        and(eq(claims.gatewayId, gateways.gatewayId), eq(claims.kind, "host"), eq(claims.value, host ?? "")),
      )
      .where(eq(gateways.gatewayId, gatewayId)),
  );
  if (!row) throw new Refusal("not_found", { kind: "gateway", id: gatewayId });
  const { address, probeAddress, tags, claimId } = row;
  const listensOn = [dialable(address), dialable(probeAddress)];
  return { address, tags, listensOn, holdsHost: claimId !== null };
}
