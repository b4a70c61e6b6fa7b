import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

/**
 * Seals values that the database stores but must not be able to read: AES-256-GCM under a key from the installation's
 * secret, with each value bound to its table, column and row.
 */

/** The context of a sealed value: `table:column:row`. A value that was moved to another context cannot be opened. */
export type SealContext = `${string}:${string}:${string}`;

type Opened =
  | { readonly ok: true; readonly plaintext: string }
  /** `altered` also covers a value that was sealed for another context. */
  | { readonly ok: false; readonly reason: "malformed" | "unknown_key" | "altered" };

export interface Sealer {
  /** The id of the key that seals new values (8 characters). A sealed value contains the id of its own key. */
  readonly currentKeyId: string;
  /** The prefix of every value that is sealed with the current key. */
  readonly currentPrefix: string;
  /** Seals text with the current key: `v1.<key id>.<nonce>.<ciphertext and tag>`, the last two in base64url. */
  seal(context: SealContext, plaintext: string): string;
  /** Opens a value that any of the known keys sealed for this context. */
  open(context: SealContext, sealed: string): Opened;
}

const version = "v1";
const nonceBytes = 12;
const tagBytes = 16;
const form = /^v1\.([\w-]{8})\.([\w-]{16})\.([\w-]{22,})$/;
const contextForm = /^[^:]+:[^:]+:[^:]+$/;

/**
 * @param secrets the current secret first, then previous ones that may still seal older values (bytes, see
 * `checkSecret`)
 * @param random a cryptographic source of nonces, 12 bytes each
 */
export function makeSealer(
  secrets: readonly [Uint8Array, ...Uint8Array[]],
  random: (size: number) => Uint8Array = randomBytes,
): Sealer {
  const keys = new Map(secrets.map((secret) => [keyIdOf(secret), derive(secret, "seal", 32)]));
  const currentKeyId = keyIdOf(secrets[0]);
  const currentKey = derive(secrets[0], "seal", 32);

  return {
    currentKeyId,
    currentPrefix: `${version}.${currentKeyId}.`,

    seal(context, plaintext) {
      const text = Buffer.from(plaintext, "utf8");
      if (text.toString("utf8") !== plaintext) throw new TypeError("what is sealed must be well-formed Unicode");
      const nonce = Buffer.from(random(nonceBytes));
      if (nonce.length !== nonceBytes) throw new RangeError("a nonce needs 12 random bytes");
      const cipher = createCipheriv("aes-256-gcm", currentKey, nonce).setAAD(associatedData(context));
      const sealed = Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
      return [version, currentKeyId, nonce.toString("base64url"), sealed.toString("base64url")].join(".");
    },

    open(context, sealed) {
      const [, keyId = "", nonceText = "", body = ""] = form.exec(sealed) ?? [];
      const nonce = Buffer.from(nonceText, "base64url");
      const bytes = Buffer.from(body, "base64url");
      // Each value has exactly one text. Another spelling that decodes to the same bytes is refused.
      if (bytes.length < tagBytes || bytes.toString("base64url") !== body || nonce.length !== nonceBytes) {
        return { ok: false, reason: "malformed" };
      }
      const key = keys.get(keyId);
      if (key === undefined) return { ok: false, reason: "unknown_key" };
      const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes })
        .setAAD(associatedData(context))
        .setAuthTag(bytes.subarray(-tagBytes));
      try {
        const text = Buffer.concat([decipher.update(bytes.subarray(0, -tagBytes)), decipher.final()]);
        return { ok: true, plaintext: text.toString("utf8") };
      } catch {
        return { ok: false, reason: "altered" };
      }
    },
  };
}

/**
 * The fingerprint of the secret in the installation's row, so that a process with another secret does not start. It
 * does not help to find the secret: 32 bytes of HKDF under a separate label, in hex.
 */
export function fingerprint(secret: Uint8Array): string {
  return derive(secret, "fingerprint", 32).toString("hex");
}

function keyIdOf(secret: Uint8Array): string {
  return derive(secret, "key id", 6).toString("base64url");
}

/** HKDF-SHA-256 without salt (the secret is uniformly random). The label separates the uses. */
function derive(secret: Uint8Array, label: string, size: number): Buffer {
  if (secret.length < 32) throw new RangeError("a secret has at least 32 bytes");
  return Buffer.from(hkdfSync("sha256", secret, new Uint8Array(0), label, size));
}

function associatedData(context: SealContext): Buffer {
  if (!contextForm.test(context)) throw new TypeError("a seal context is table:column:row");
  return Buffer.from(context, "utf8");
}
