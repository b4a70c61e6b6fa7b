/**
 * Whether the text of `PORTCULLIS_SECRET` can be the installation's secret.
 * It cannot measure randomness; it catches what is plainly none: short, repeated, counted up, or copied from an example.
 */

export type CheckedSecret =
  | { readonly ok: true; readonly secret: Buffer }
  /** `message` says what is right, in one line, and never repeats the text. */
  | { readonly ok: false; readonly problem: SecretProblem; readonly message: string };

type SecretProblem = "secret_too_short" | "secret_not_encoded" | "secret_not_random";

const howTo = "make one with: openssl rand -hex 32";

const messages: Record<SecretProblem, string> = {
  secret_too_short: `the secret must hold at least 32 bytes (64 hex or 43 base64 characters); ${howTo}`,
  secret_not_encoded: `the secret must be written in hex or base64; ${howTo}`,
  secret_not_random: `the secret is not random (repeated, counted up, or a known example); ${howTo}`,
};

const hex = /^(?:[0-9a-f]{2})+$/i;
const base64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

/** Beginnings of secrets that documentation is full of, compared without case, digits and punctuation kept. */
const examples = [
  "changeme",
  "change-me",
  "your-secret",
  "yoursecret",
  "secretsecret",
  "example",
  "deadbeef",
  "cafebabe",
];

/**
 * Reads a secret: hex, base64 or base64url of at least 32 bytes. White space around it is ignored, as files end with a newline.
 * Text that is both hex and base64 is read as hex.
 */
export function checkSecret(text: string): CheckedSecret {
  const trimmed = text.trim();
  const isHex = hex.test(trimmed);
  if (!isHex && trimmed !== "" && !base64.test(trimmed)) return refused("secret_not_encoded");
  const secret = Buffer.from(trimmed, isHex ? "hex" : "base64");
  if (secret.length < 32) return refused("secret_too_short");
  if (isExample(trimmed) || repeats([...trimmed]) || repeats([...secret]) || countsUp(secret) || poor(secret)) {
    return refused("secret_not_random");
  }
  return { ok: true, secret };
}

function refused(problem: SecretProblem): CheckedSecret {
  return { ok: false, problem, message: messages[problem] };
}

function isExample(text: string): boolean {
  const lower = text.toLowerCase();
  return examples.some((example) => lower.startsWith(example));
}

/** One piece, again and again, at least twice: `0000…`, `0123456789abcdef0123…`. */
function repeats<T>(items: readonly T[]): boolean {
  for (let period = 1; period <= items.length / 2; period += 1) {
    if (items.every((item, at) => at < period || item === items[at - period])) return true;
  }
  return false;
}

/** The same step from every byte to the next: `00 01 02 …`, `ff fe fd …`. */
function countsUp(bytes: Buffer): boolean {
  const step = (at: number) => (bytes.readUInt8(at) - bytes.readUInt8(at - 1)) & 0xff;
  for (let at = 2; at < bytes.length; at += 1) if (step(at) !== step(1)) return false;
  return true;
}

/** Of 32 random bytes fewer than 16 are different in less than one of 10^10 cases. */
function poor(bytes: Buffer): boolean {
  return new Set(bytes).size < 16;
}
