import type { HashAlgorithm } from "./traefik/state";

/** What a visitor's credential may look like. Sizes are bytes in UTF-8. */

const maxUsernameBytes = 255;

/** The most bytes of a password that count: bcrypt ignores everything after the 72nd. */
const maxPasswordBytes: Readonly<Record<HashAlgorithm, number>> = { apr1: 255, bcrypt: 72 };

export type UsernameProblem =
  | "username_empty"
  | "username_too_long"
  | "username_not_unicode"
  | "username_colon"
  | "username_control_character"
  | "username_separator"
  | "username_outer_space";

export type PasswordProblem =
  | "password_empty"
  | "password_too_long"
  | "password_not_unicode"
  | "password_control_character";

/** C0, DEL and C1, and the two characters that end a line without being controls. */
const control = /[\p{Cc}\u2028\u2029]/u;

/** Code points that are no characters (a raw U+FFFF in a file freezes a Traefik 3.7), and the byte order mark. */
const notForFiles = /[\p{Noncharacter_Code_Point}\uFEFF]/u;

/** Traefik splits list items at this character (U+2551). */
const listSeparator = "║";

const loneSurrogate = /\p{Surrogate}/u;

/** The first thing that is wrong with a user name, or `null`. */
export function checkUsername(username: string): UsernameProblem | null {
  if (username === "") return "username_empty";
  if (username.length > maxUsernameBytes) return "username_too_long";
  if (loneSurrogate.test(username)) return "username_not_unicode";
  if (Buffer.byteLength(username, "utf8") > maxUsernameBytes) return "username_too_long";
  if (username.includes(":")) return "username_colon";
  if (control.test(username) || notForFiles.test(username)) return "username_control_character";
  if (username.includes(listSeparator)) return "username_separator";
  if (/^\s|\s$/u.test(username)) return "username_outer_space";
  return null;
}

/** The first thing that is wrong with a visitor's password under an algorithm, or `null`. It never repeats the password. */
export function checkVisitorPassword(password: string, algorithm: HashAlgorithm): PasswordProblem | null {
  if (password === "") return "password_empty";
  if (password.length > maxPasswordBytes[algorithm]) return "password_too_long";
  if (loneSurrogate.test(password)) return "password_not_unicode";
  if (Buffer.byteLength(password, "utf8") > maxPasswordBytes[algorithm]) return "password_too_long";
  if (control.test(password)) return "password_control_character";
  return null;
}
