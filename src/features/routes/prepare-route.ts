import { and, eq } from "drizzle-orm";
import { gateways } from "../../../drizzle/gateways";
import { claims, type StoredUpstream } from "../../../drizzle/routes";
import type { Authorized } from "../../access/authorized";
import type { Organization } from "../../access/organization";
import type { Permission } from "../../access/permissions";
import { readAs } from "../../access/read-as";
import type { Runtime } from "../../access/runtime";
import { Refusal } from "../../platform/errors/refusal";
import { parseHost } from "../../platform/net/host-names";
import { dialable } from "../../platform/net/listen-address";
import { parsePathPrefix } from "../../platform/net/path-prefixes";
import { hostOfOrigin, reservedFor } from "../../platform/net/reserved-hosts";
import {
  type HostAndPort,
  isThisMachine,
  judgeUpstream,
  parseUpstream,
  type UpstreamProblem,
  upstreamClaimKeys,
} from "../../platform/net/upstreams";

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
 * Refuses a host that a service which Portcullis did not configure already answers for at the gateway. A host that the
 * organization has claimed is not asked for: its own deny or route answers there, or is being delivered. Nor is a gateway
 * asked whose answers carry no tags, since its own routes could not be told from others'.
 * Outside: it asks the gateway, and stands before the transaction.
 * @throws Refusal `host_served_elsewhere`, with what was seen | `rate_limited` | `busy`
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

/** How long an organization whose upstreams are not checked waits for DNS, in ms; later, a name counts as a name. */
const ownNameWithinMs = 1_000;

function placeOfOrigin(origin: string): HostAndPort {
  const { hostname, port, protocol } = new URL(origin);
  return { host: hostname.replace(/\.$/, ""), port: Number(port) || (protocol === "https:" ? 443 : 80) };
}

/**
 * Where a route may lead. An organization whose upstreams are `checked` gets every name resolved here, and the addresses
 * go into the file: Traefik resolves again by itself, and a tenant can point its own name anywhere later.
 * Outside: it asks DNS, and stands before the transaction.
 * @throws Refusal `invalid_upstream`, with the rule that it breaks
 */
export async function prepareUpstreams(
  runtime: Runtime,
  organization: Organization,
  gatewayListensOn: readonly HostAndPort[],
  urls: readonly string[],
): Promise<PreparedUpstreams> {
  const ownAddresses = [...runtime.ownAddresses(), ...runtime.ownNames()];
  const publicAddress = placeOfOrigin(runtime.signIn.publicOrigin);
  const forbidden = [...runtime.listensOn, ...gatewayListensOn];
  const prepared: PreparedUpstreams[] = [];
  for (const [index, url] of urls.entries()) {
    const refuse = (problem: UpstreamProblem) => new Refusal("invalid_upstream", { index, url, problem });
    const parsed = parseUpstream(url);
    if (!parsed.ok) throw refuse(parsed.problem);
    const { upstream } = parsed;
    const pinned = organization.upstreams === "checked" && upstream.address === null;
    const within = pinned ? undefined : ownNameWithinMs;
    const named = upstream.address === null ? await runtime.resolver.addresses(upstream.host, within) : [];
    // A name that is left to the gateway counts as this machine where it leads here now: as another tenant's would.
    const resolved = [...named].filter((address) => pinned || isThisMachine(address, ownAddresses)).sort();
    const rules = { mode: organization.upstreams, resolved, ownAddresses, forbidden, publicAddress };
    const judged = judgeUpstream(upstream, rules);
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

/** What of a gateway decides about a route there. */
export interface PreparedGateway {
  /** Where it serves visitors, `host:port`. */
  readonly address: string;
  readonly tags: boolean;
  /** Where it listens: no route may lead there. */
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
