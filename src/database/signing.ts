import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";

/** The uses of signatures. Each use has its own key, so that a signature for one use is invalid for another. */
export type SigningUse = "session" | "csrf" | "link" | "checkpoint" | "sign-in" | "limit" | "delivery";

/** Signs with keys from the installation's secret. Signatures under previous secrets stay valid. */
export interface Signer {
  /** HMAC-SHA-256 in base64url, 43 characters, under the current key. */
  sign(use: SigningUse, text: string): string;
  /** Checks whether any of the known keys signed exactly this text. */
  verify(use: SigningUse, text: string, signature: string): boolean;
  /**
   * Keys of a use for a library that signs or seals by itself, 64 hex digits each: the current one, then previous ones.
   */
  keys(use: SigningUse): readonly [string, ...string[]];
}

/** @param secrets the current secret first, then previous ones (bytes, see `checkSecret`) */
export function makeSigner(secrets: readonly [Uint8Array, ...Uint8Array[]]): Signer {
  const derived = new Map<SigningUse, readonly [Buffer, ...Buffer[]]>();
  const keysOf = (use: SigningUse): readonly [Buffer, ...Buffer[]] => {
    const known = derived.get(use);
    if (known) return known;
    const [present, ...former] = secrets;
    const created = [derive(present, use), ...former.map((secret) => derive(secret, use))] as const;
    derived.set(use, created);
    return created;
  };
  const hmac = (key: Buffer, text: string) => createHmac("sha256", key).update(text, "utf8").digest();
  return {
    sign: (use, text) => hmac(keysOf(use)[0], text).toString("base64url"),
    verify: (use, text, signature) => {
      const given = Buffer.from(signature, "base64url");
      if (given.length !== 32 || given.toString("base64url") !== signature) return false;
      return keysOf(use).some((key) => timingSafeEqual(hmac(key, text), given));
    },
    keys: (use) => {
      const [present, ...former] = keysOf(use);
      return [present.toString("hex"), ...former.map((key) => key.toString("hex"))];
    },
  };
}

/** HKDF-SHA-256 without salt (the secret is uniformly random). The label separates the uses. */
function derive(secret: Uint8Array, use: SigningUse): Buffer {
  if (secret.length < 32) throw new RangeError("a secret has at least 32 bytes");
  return Buffer.from(hkdfSync("sha256", secret, new Uint8Array(0), `sign ${use}`, 32));
}
