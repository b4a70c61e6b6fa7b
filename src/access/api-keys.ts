import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";

/** The prefix of every key, by which secret scanners and people recognize one. */
export const apiKeyPrefix = "pcl_";

/** Prefix, 32 random bytes in hex, CRC-32 of both in hex. */
const form = /^pcl_[0-9a-f]{64}[0-9a-f]{8}$/;

export interface NewApiKey {
  /** The key itself: shown once, stored nowhere. */
  readonly key: string;
  /** SHA-256 of the key in hex (64 characters): what is stored and looked up. */
  readonly hash: string;
}

export type ParsedApiKey = { readonly ok: true; readonly hash: string } | { readonly ok: false };

/**
 * Creates a key of 256 random bits.
 * @param randomBytes a cryptographic source; called once, for 32 bytes
 */
export function makeApiKey(randomBytes: (size: number) => Uint8Array): NewApiKey {
  const random = Buffer.from(randomBytes(32));
  if (random.length !== 32) throw new RangeError("an API key needs 32 random bytes");
  const body = `${apiKeyPrefix}${random.toString("hex")}`;
  const key = `${body}${checksum(body)}`;
  return { key, hash: hashOf(key) };
}

/**
 * Reads a key as the caller sent it. A mistyped, truncated or foreign key is refused by its form and checksum, without
 * a query. `ok` does not mean that the key exists.
 */
export function parseApiKey(text: string): ParsedApiKey {
  if (!form.test(text) || checksum(text.slice(0, -8)) !== text.slice(-8)) return { ok: false };
  return { ok: true, hash: hashOf(text) };
}

/** The key holds 256 random bits, so a fast hash is enough: it cannot be guessed. */
function hashOf(key: string): string {
  return createHash("sha256").update(key, "latin1").digest("hex");
}

function checksum(body: string): string {
  return crc32(body).toString(16).padStart(8, "0");
}
