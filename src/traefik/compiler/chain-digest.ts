import { inOrder } from "./in-order";
import { secretCode } from "./secret-code";

/** One file of a batch. The digest of a removed file is `null`. */
export interface BatchEntry {
  readonly name: string;
  readonly digest: string | null;
}

/**
 * Calculates the digest of a delivery. It covers everything before it and this batch, in any order.
 *
 * @param previous the digest of the previous delivery, `""` for the first of an epoch
 * @param key a secret of the gateway, so that a visitor who sees the marker learns nothing about the batch
 * @returns 32 characters of [a-z2-7]
 */
export function chainDigest(previous: string, batch: readonly BatchEntry[], key: Uint8Array): string {
  const entries = inOrder(batch, ({ name }) => name).map(({ name, digest }) => [name, digest]);
  return secretCode(key, "chain", [previous, entries], 32);
}
