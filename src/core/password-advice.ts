/** What makes a visitor's password weak. Advice, unless an organization enforces it. */

type WeaknessWord =
  | "password_short"
  | "password_no_upper_case"
  | "password_no_lower_case"
  | "password_no_digit"
  | "password_no_special"
  | "password_common"
  | "password_contains_username";

export interface PasswordWarning {
  readonly reason: WeaknessWord;
  /** For people; never holds the password. */
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
};

const leastCharacters = 12;

/** Longer pieces are in no list of common passwords (the longest of `loadCommonPasswords` has 20 characters). */
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
 * Everything that is weak about a password, in a fixed order; empty for a strong one.
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
  ];
  return checks.filter(([, weak]) => weak).map(([reason]) => ({ reason, message: messages[reason] }));
}

/** The whole, or a piece that is at least half of it, is common: as it stands, backwards, or with letters for `4`, `@`, `$` … */
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

/** Names of up to three characters are inside of passwords by chance. Of an e-mail address the first part counts too. */
function containsUsername(password: string, username: string): boolean {
  const names = [username, username.split("@")[0] ?? ""].filter((name) => name.length >= 4);
  return password === username || names.some((name) => password.includes(name));
}
