import { eq } from "drizzle-orm";
import { apiKeys } from "../../../drizzle/api-keys";
import type { Principal } from "../../access/principal";
import type { Transaction } from "../../database/database";
import { Refusal } from "../../platform/errors/refusal";
import { earlier } from "../../platform/moment";
import { isNetwork } from "../../platform/net/addresses";
import { areWithin } from "../../platform/net/networks-within";
import type { CreateKey } from "./contract";

/** What bounds a key besides its permissions. */
export interface KeyLimits {
  readonly allowedIps: string[] | null;
  readonly requestsPerMinute: number | null;
  /** It ends by this moment. */
  readonly latest: Date;
}

/** What bounds the key that asks; nothing bounds a person. */
interface Bounds {
  readonly allowedIps: string[] | null;
  readonly requestsPerMinute: number | null;
  readonly expiresAt: Date | null;
}

/** Limits of another key: null for none, left out where nothing is said of them. */
type Asked = { readonly [K in "allowedIps" | "requestsPerMinute"]?: Bounds[K] | undefined };

/**
 * The limits of a new key: as asked, and, where a key makes it, never wider than that key's own.
 * @param latest what the organization allows
 * @throws Refusal `above_making_key`
 */
export async function limitsOfNewKey(
  tx: Transaction,
  principal: Principal,
  asked: Pick<CreateKey, "allowedIps" | "requestsPerMinute">,
  latest: Date,
): Promise<KeyLimits> {
  requireNetworks(asked.allowedIps);
  const maker = await requireWithinOwn(tx, principal, asked);
  return {
    allowedIps: asked.allowedIps ?? maker.allowedIps,
    requestsPerMinute: asked.requestsPerMinute ?? maker.requestsPerMinute,
    latest: maker.expiresAt === null ? latest : earlier(latest, maker.expiresAt),
  };
}

/**
 * A key gives no key wider limits than its own: not to one that it makes or rotates, and not to itself.
 * @returns what bounds whoever asks
 * @throws Refusal `above_making_key`
 */
export async function requireWithinOwn(
  tx: Transaction,
  principal: Principal,
  { allowedIps, requestsPerMinute }: Asked,
): Promise<Bounds> {
  const own = await boundsOf(tx, principal);
  const fromElsewhere =
    own.allowedIps !== null &&
    allowedIps !== undefined &&
    (allowedIps === null || !areWithin(allowedIps, own.allowedIps));
  const oftener =
    own.requestsPerMinute !== null &&
    requestsPerMinute !== undefined &&
    (requestsPerMinute === null || requestsPerMinute > own.requestsPerMinute);
  if (fromElsewhere || oftener) {
    throw new Refusal("above_making_key");
  }
  return own;
}

async function boundsOf(tx: Transaction, principal: Principal): Promise<Bounds> {
  const { allowedIps, requestsPerMinute, expiresAt } = apiKeys;
  const [own] =
    principal.kind === "apiKey"
      ? await tx
          .select({ allowedIps, requestsPerMinute, expiresAt })
          .from(apiKeys)
          .where(eq(apiKeys.apiKeyId, principal.apiKeyId))
      : [];
  return own ?? { allowedIps: null, requestsPerMinute: null, expiresAt: null };
}

/** @throws Refusal `not_a_network` */
export function requireNetworks(allowedIps: readonly string[] | null | undefined): void {
  const wrong = allowedIps?.findIndex((network) => !isNetwork(network)) ?? -1;
  if (wrong >= 0) {
    throw new Refusal("not_a_network", { at: wrong, network: allowedIps?.[wrong] ?? "" });
  }
}
