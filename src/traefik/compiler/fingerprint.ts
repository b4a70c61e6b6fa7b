import { inOrder } from "./in-order";
import { secretCode } from "./secret-code";
import type { CredentialState, RouteState } from "./state";

/**
 * Hashes a row's relevant values to 16 characters. The hash is keyed, so that a reader of stored fingerprints cannot
 * use them to test guessed hashes or addresses.
 */
export function credentialFingerprint(key: Uint8Array, row: CredentialState): string {
  return secretCode(key, "credential", [row.securityId, row.username, row.hash]);
}

/** Like `credentialFingerprint`, for a route. The order of upstreams does not matter. */
export function routeFingerprint(key: Uint8Array, row: RouteState): string {
  const upstreams = row.upstreams.map(({ url, serverName }) => JSON.stringify([url, serverName]));
  return secretCode(key, "route", [row.routeId, row.host, row.pathPrefix, inOrder(upstreams, (upstream) => upstream)]);
}
