import { eq } from "drizzle-orm";
import { gateways } from "../../../drizzle/gateways";
import type { StoredUpstream } from "../../../drizzle/routes";
import { Invalid } from "../../core/errors";
import { parseHost } from "../../core/host-names";
import type { ObjectKind, Organization } from "../../core/located";
import { parsePathPrefix } from "../../core/path-prefixes";
import type { Permission } from "../../core/permissions";
import { dialable } from "../../core/sync/dialable";
import { type HostAndPort, judgeUpstream, parseUpstream, upstreamClaimKeys } from "../../core/upstreams";
import type { Authorized } from "../../persistence/authorized";
import { readAs } from "../../persistence/read";
import type { Runtime } from "../../persistence/runtime";

/** The upstreams of a route as they are stored and claimed. */
export interface PreparedUpstreams {
  readonly upstreams: readonly StoredUpstream[];
  /** Every name and address that they may reach, for the claim. */
  readonly keys: readonly string[];
}

/** @throws Invalid `invalid_host`, with the rule that it breaks */
export function requireHost(text: string): string {
  const parsed = parseHost(text);
  if (parsed.ok) return parsed.host;
  throw new Invalid("invalid_host", "This host name cannot be used.", { host: parsed.problem });
}

/** @returns the empty text for the whole host. @throws Invalid `invalid_path`, with the rule that it breaks */
export function requirePathPrefix(text: string | null | undefined): string {
  const parsed = parsePathPrefix(text ?? "/");
  if (parsed.ok) return parsed.pathPrefix ?? "";
  throw new Invalid("invalid_path", "This path prefix cannot be used.", { pathPrefix: parsed.problem });
}

/**
 * Where a route may lead. An organization whose upstreams are `checked` gets every name resolved here, and the addresses
 * go into the file: Traefik resolves again by itself, and a tenant can point its own name anywhere later.
 * Outside: it asks DNS, and stands before the transaction.
 * @throws Invalid `invalid_upstream`, with the rule that it breaks
 */
export async function prepareUpstreams(
  runtime: Runtime,
  organization: Organization,
  gatewayListensOn: readonly HostAndPort[],
  urls: readonly string[],
): Promise<PreparedUpstreams> {
  const ownAddresses = runtime.ownAddresses();
  const forbidden = [...runtime.listensOn, ...gatewayListensOn];
  const prepared: PreparedUpstreams[] = [];
  for (const [index, url] of urls.entries()) {
    const refuse = (problem: string) =>
      new Invalid("invalid_upstream", "A route cannot lead there.", { [`upstreams.${index}.url`]: problem });
    const parsed = parseUpstream(url);
    if (!parsed.ok) throw refuse(parsed.problem);
    const { upstream } = parsed;
    const pinned = organization.upstreams === "checked" && upstream.address === null;
    const resolved = pinned ? [...(await runtime.resolver.addresses(upstream.host))].sort() : [];
    const judged = judgeUpstream(upstream, { mode: organization.upstreams, resolved, ownAddresses, forbidden });
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

/** Where a gateway itself listens: no route may lead there. */
export async function listeningPlacesOf<P extends Permission, K extends ObjectKind>(
  authorized: Authorized<P, K>,
  gatewayId: string,
): Promise<readonly HostAndPort[]> {
  const rows = await readAs(authorized, (tx) =>
    tx
      .select({ address: gateways.address, probeAddress: gateways.probeAddress })
      .from(gateways)
      .where(eq(gateways.gatewayId, gatewayId)),
  );
  return rows.flatMap((row) => [dialable(row.address), dialable(row.probeAddress)]);
}
