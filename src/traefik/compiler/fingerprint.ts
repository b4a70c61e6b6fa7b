import { inOrder } from "./in-order";
import { secretCode } from "./secret-code";
import type { CredentialState, RouteState } from "./state";

/**
 * A row's relevant values in 16 characters. Keyed, so that nobody who reads stored fingerprints can try hashes or
 * addresses against them.
 */
export function credentialFingerprint(key: Uint8Array, row: CredentialState): string {
  return secretCode(key, "credential", [row.securityId, row.username, row.hash]);
}

/** As `credentialFingerprint`; the order of upstreams does not matter. */
export function routeFingerprint(key: Uint8Array, row: RouteState): string {
  const upstreams = row.upstreams.map(({ url, serverName }) => JSON.stringify([url, serverName]));
  return secretCode(key, "route", [row.routeId, row.host, row.pathPrefix, inOrder(upstreams, (upstream) => upstream)]);
}
