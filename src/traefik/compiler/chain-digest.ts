import { inOrder } from "./in-order";
import { secretCode } from "./secret-code";

/** One file of a batch; the digest of a removed one is `null`. */
export interface BatchEntry {
  readonly name: string;
  readonly digest: string | null;
}

/**
 * The digest of a delivery: of everything before it, and of this batch, whatever its order.
 *
 * @param previous the digest of the delivery before, `""` for the first of an epoch
 * @param key secret of the gateway, so that a visitor of the marker learns nothing of the batch
 * @returns 32 characters of [a-z2-7]
 */
export function chainDigest(previous: string, batch: readonly BatchEntry[], key: Uint8Array): string {
  const entries = inOrder(batch, ({ name }) => name).map(({ name, digest }) => [name, digest]);
  return secretCode(key, "chain", [previous, entries], 32);
}
