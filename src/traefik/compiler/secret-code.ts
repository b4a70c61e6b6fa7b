import { createHmac } from "node:crypto";

const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

/**
 * Derives a short name from values that must not be recoverable from it: HMAC-SHA-256 under `key`, in base 32.
 *
 * @param purpose separates the codes of different uses, so that equal values never give equal codes
 * @param values plain JSON values, in a canonical order
 * @param length characters of [a-z2-7], 5 bits each, at most 51
 */
export function secretCode(key: Uint8Array, purpose: string, values: readonly unknown[], length = 16): string {
  if (key.length < 16) throw new RangeError("secretCode: the key must have 16 bytes or more");
  const bytes = createHmac("sha256", key)
    .update(JSON.stringify([purpose, ...values]))
    .digest();
  let code = "";
  let held = 0;
  let bits = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5 && code.length < length) {
      bits -= 5;
      code += ALPHABET[(held >> bits) & 31];
    }
    held &= (1 << bits) - 1;
  }
  return code;
}
