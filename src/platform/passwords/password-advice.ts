/** Detects weak passwords of visitors. The result is advice, unless an organization enforces it. */

type WeaknessWord =
  | "password_short"
  | "password_no_upper_case"
  | "password_no_lower_case"
  | "password_no_digit"
  | "password_no_special"
  | "password_common"
  | "password_contains_username"
  | "looks_like_hash";

export interface PasswordWarning {
  readonly reason: WeaknessWord;
  /** The text for people; it never contains the password. */
  readonly message: string;
}

const messages: Readonly<Record<WeaknessWord, string>> = {
  password_short: "The password has fewer than 12 characters.",
  password_no_upper_case: "The password has no upper-case letter.",
  password_no_lower_case: "The password has no lower-case letter.",
  password_no_digit: "The password has no digit.",
  password_no_special: "The password has no special character.",
  password_common: "The password is, or mostly is, one that is commonly used.",
  password_contains_username: "The password contains the user name.",
  looks_like_hash:
    "The password looks like a password hash, such as a line of htpasswd. It is taken as the password itself: visitors must type exactly this text. Give the password that the hash was made of instead.",
};

const leastCharacters = 12;

/** Longer pieces are not in the list of common passwords (the longest of `loadCommonPasswords` has 20 characters). */
const longestCommon = 20;

const substitutes: Readonly<Record<string, string>> = {
  "@": "a",
  "4": "a",
  "3": "e",
  "1": "i",
  "!": "i",
  "0": "o",
  "5": "s",
  $: "s",
  "7": "t",
};

/**
 * Returns all weaknesses of a password in a fixed order; empty for a strong password.
 * @param isCommon whether a lower-case text is on a list of common passwords (`loadCommonPasswords` has one)
 */
export function adviseOnPassword(
  password: string,
  username: string,
  isCommon: (text: string) => boolean,
): PasswordWarning[] {
  const checks: [WeaknessWord, boolean][] = [
    ["password_short", [...password].length < leastCharacters],
    ["password_no_upper_case", !/\p{Lu}/u.test(password)],
    ["password_no_lower_case", !/\p{Ll}/u.test(password)],
    ["password_no_digit", !/\p{Nd}/u.test(password)],
    ["password_no_special", !/[^\p{L}\p{M}\p{Nd}]/u.test(password)],
    ["password_common", isMostlyCommon(password.toLowerCase(), isCommon)],
    ["password_contains_username", containsUsername(password.toLowerCase(), username.toLowerCase())],
    ["looks_like_hash", looksLikeHash(password)],
  ];
  return checks.filter(([, weak]) => weak).map(([reason]) => ({ reason, message: messages[reason] }));
}

/**
 * Returns whether the password, or a piece of at least half its length, is common: unchanged, backwards, or with
 * letters for `4`, `@`, `$` …
 */
function isMostlyCommon(password: string, isCommon: (text: string) => boolean): boolean {
  const read = password.replace(/[@4310!5$7]/g, (sign) => substitutes[sign] ?? sign);
  const readings = new Set([password, read].flatMap((text) => [text, [...text].reverse().join("")]));
  for (const text of readings) if (hasCommonPiece(text, isCommon)) return true;
  return false;
}

function hasCommonPiece(text: string, isCommon: (text: string) => boolean): boolean {
  if (isCommon(text)) return true;
  const shortest = Math.max(4, Math.ceil(text.length / 2));
  for (let size = Math.min(text.length, longestCommon); size >= shortest; size -= 1) {
    for (let at = 0; at + size <= text.length; at += 1) if (isCommon(text.slice(at, at + size))) return true;
  }
  return false;
}

/**
 * Names of up to three characters are ignored, because passwords contain them by chance. The first part of an e-mail
 * address also counts.
 */
function containsUsername(password: string, username: string): boolean {
  const names = [username, username.split("@")[0] ?? ""].filter((name) => name.length >= 4);
  return password === username || names.some((name) => password.includes(name));
}

/**
 * Crypt formats: MD5, Apache's MD5, SHA-256, SHA-512, scrypt, yescrypt, bcrypt, Argon2, and those of password
 * libraries.
 */
const cryptHash =
  /^\$(?:1|apr1|md5|5|6|7|y|gy|2[abxy]?|argon2(?:id|i|d)|s?crypt|pbkdf2(?:-\w+)?|sha1|sha256|sha512|bcrypt(?:-sha256)?|P|H|S)\$[^\s$:]/;
/** Scheme markers of LDAP and htpasswd: `{SHA}…`, `{SSHA}…`, `{CRYPT}…`. */
const schemeHash = /^\{(?:S?SHA(?:-?(?:224|256|384|512))?|S?MD5|CRYPT|BCRYPT|ARGON2\w*|PBKDF2[\w-]*)\}\S/i;
/** A line of htdigest: `user:realm:` and MD5 in hexadecimal. */
const digestLine = /^[^:]+:[^:]*:[0-9a-f]{32}$/i;

/**
 * Returns whether a text is a hash, or a line `user:hash` of htpasswd, as people paste it: with spaces or quotes around
 * it, or with every `$` doubled for a compose file.
 */
function looksLikeHash(password: string): boolean {
  const text = password
    .trim()
    .replace(/^(["'])(.*)\1$/s, "$2")
    .replaceAll("$$", "$");
  const hash = text.slice(text.indexOf(":") + 1);
  return [text, hash].some((part) => cryptHash.test(part) || schemeHash.test(part)) || digestLine.test(text);
}
