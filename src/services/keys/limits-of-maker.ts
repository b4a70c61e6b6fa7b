import { eq } from "drizzle-orm";
import { apiKeys } from "../../../drizzle/api-keys";
import type { CreateKey } from "../../contracts/keys";
import { isNetwork } from "../../core/addresses";
import type { Principal } from "../../core/authorization";
import { Forbidden, Invalid } from "../../core/errors";
import { areWithin } from "../../core/networks-within";
import type { Transaction } from "../../persistence/database";
import { earlier } from "./key-life";

/** What bounds a key besides its permissions. */
export interface KeyLimits {
  readonly allowedIps: string[] | null;
  readonly requestsPerMinute: number | null;
  /** It ends by this moment. */
  readonly latest: Date;
}

/**
 * The limits of a new key: as asked, and, where a key makes it, never wider than that key's own.
 * @param latest what the organization allows
 * @throws Forbidden `above_making_key`
 */
export async function limitsOfNewKey(
  tx: Transaction,
  principal: Principal,
  asked: Pick<CreateKey, "allowedIps" | "requestsPerMinute">,
  latest: Date,
): Promise<KeyLimits> {
  const { allowedIps = null, requestsPerMinute = null } = asked;
  requireNetworks(allowedIps);
  if (principal.kind !== "apiKey") return { allowedIps, requestsPerMinute, latest };
  const [maker] = await tx
    .select({
      allowedIps: apiKeys.allowedIps,
      requestsPerMinute: apiKeys.requestsPerMinute,
      expiresAt: apiKeys.expiresAt,
    })
    .from(apiKeys)
    .where(eq(apiKeys.apiKeyId, principal.apiKeyId));
  if (!maker) return { allowedIps, requestsPerMinute, latest };
  const widerAddresses = maker.allowedIps && allowedIps && !areWithin(allowedIps, maker.allowedIps);
  const oftener =
    maker.requestsPerMinute !== null && requestsPerMinute !== null && requestsPerMinute > maker.requestsPerMinute;
  if (widerAddresses || oftener) {
    throw new Forbidden("above_making_key", "A key cannot have wider limits than the key that makes it.");
  }
  return {
    allowedIps: allowedIps ?? maker.allowedIps,
    requestsPerMinute: requestsPerMinute ?? maker.requestsPerMinute,
    latest: maker.expiresAt === null ? latest : earlier(latest, maker.expiresAt),
  };
}

/** @throws Invalid `not_a_network` */
export function requireNetworks(allowedIps: readonly string[] | null | undefined): void {
  const wrong = allowedIps?.findIndex((network) => !isNetwork(network)) ?? -1;
  if (wrong >= 0) {
    throw new Invalid("not_a_network", "Addresses and networks only, 203.0.113.7 or 10.0.0.0/8 for example.", {
      [`allowedIps.${wrong}`]: "not_a_network",
    });
  }
}
