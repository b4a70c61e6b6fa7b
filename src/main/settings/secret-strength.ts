/**
 * Checks whether the text of `PORTCULLIS_SECRET` is acceptable as the installation's secret. Randomness cannot be
 * measured. The checks detect values that are clearly not random: short, repeated, counted up, copied from an example,
 * or readable text, with or without an encoding. Every rule refuses random bytes less often than once in 10^9 times; 32
 * random bytes are all printable ASCII, for example, with a probability of (98 / 256)^32, which is about 4 × 10^-14.
 */

export type CheckedSecret =
  | { readonly ok: true; readonly secret: Buffer }
  /** `message` states the rule in one line, and never repeats the text. */
  | { readonly ok: false; readonly problem: SecretProblem; readonly message: string };

type SecretProblem = "secret_too_short" | "secret_not_encoded" | "secret_not_random";

const howTo = "make one with: openssl rand -hex 32";

const messages: Record<SecretProblem, string> = {
  secret_too_short: `the secret must hold at least 32 bytes (64 hex or 43 base64 characters); ${howTo}`,
  secret_not_encoded: `the secret must be written in hex or base64; ${howTo}`,
  secret_not_random: `the secret is not random (readable text, repeated, counted up, or a known example); if it is in use already, move it to PORTCULLIS_SECRET_PREVIOUS; ${howTo}`,
};

const hex = /^(?:[0-9a-f]{2})+$/i;
const base64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

/**
 * Prefixes of common example secrets in documentation. The comparison ignores case, but keeps digits and punctuation.
 */
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
 * Parses a secret: hex, base64 or base64url of at least 32 bytes. White space around it is ignored, because files end
 * with a newline. Text that is both hex and base64 is read as hex.
 */
export function checkSecret(text: string): CheckedSecret {
  const checked = checkFormerSecret(text);
  if (checked.ok && !isHexOfStrongSecret(checked.secret) && (isOfFewKinds(text.trim()) || isReadable(checked.secret))) {
    return refused("secret_not_random");
  }
  return checked;
}

/**
 * Parses a previous secret, which only decrypts existing values. Readable text is accepted, so that an installation
 * with such a secret can move to a strong one.
 */
export function checkFormerSecret(text: string): CheckedSecret {
  const trimmed = text.trim();
  const isHex = hex.test(trimmed);
  if (!isHex && trimmed !== "" && !base64.test(trimmed)) return refused("secret_not_encoded");
  const secret = Buffer.from(trimmed, isHex ? "hex" : "base64");
  if (secret.length < 32) return refused("secret_too_short");
  if (isHexOfStrongSecret(secret)) return { ok: true, secret };
  if (isExample(trimmed) || repeats([...trimmed]) || repeats([...secret]) || countsUp(secret) || poor(secret)) {
    return refused("secret_not_random");
  }
  return { ok: true, secret };
}

/**
 * Returns whether bytes are the hex text of a strong secret that was encoded a second time; this does not reduce its
 * randomness.
 */
function isHexOfStrongSecret(bytes: Buffer): boolean {
  const text = bytes.toString("latin1").trim();
  return hex.test(text) && checkSecret(text).ok;
}

/**
 * Returns whether text is hex with only digits or only letters, or base64 without lower-case or without upper-case
 * letters. 43 random characters of base64 have no upper-case letter with a probability of (38 / 64)^43, which is about
 * 2 × 10^-10; 64 random characters of hex are all digits with (10 / 16)^64, which is about 9 × 10^-14.
 */
function isOfFewKinds(text: string): boolean {
  if (hex.test(text)) return /^\d+$/.test(text) || /^[a-f]+$/i.test(text);
  return !/[a-z]/.test(text) || !/[A-Z]/.test(text);
}

/**
 * Returns whether bytes are readable text: UTF-8 without control characters (random with a probability of about 2 ×
 * 10^-11), or UTF-16 of Latin letters, where every second byte is 0.
 */
function isReadable(bytes: Buffer): boolean {
  const zeros = [0, 1].map((half) => bytes.every((byte, at) => at % 2 !== half || byte === 0));
  if (zeros.includes(true)) return true;
  const text = bytes.toString("utf8");
  return !/\ufffd|(?![\t\n\r])\p{Cc}/u.test(text);
}

function refused(problem: SecretProblem): CheckedSecret {
  return { ok: false, problem, message: messages[problem] };
}

function isExample(text: string): boolean {
  const lower = text.toLowerCase();
  return examples.some((example) => lower.startsWith(example));
}

/** Returns whether one piece is repeated at least twice: `0000…`, `0123456789abcdef0123…`. */
function repeats<T>(items: readonly T[]): boolean {
  for (let period = 1; period <= items.length / 2; period += 1) {
    if (items.every((item, at) => at < period || item === items[at - period])) return true;
  }
  return false;
}

/** Returns whether each byte differs from the next one by the same step: `00 01 02 …`, `ff fe fd …`. */
function countsUp(bytes: Buffer): boolean {
  const step = (at: number) => (bytes.readUInt8(at) - bytes.readUInt8(at - 1)) & 0xff;
  for (let at = 2; at < bytes.length; at += 1) if (step(at) !== step(1)) return false;
  return true;
}

/**
 * Returns whether there are too few distinct bytes: 32 random bytes have fewer than 16 distinct values in less than one
 * of 10^10 cases.
 */
function poor(bytes: Buffer): boolean {
  return new Set(bytes).size < 16;
}
