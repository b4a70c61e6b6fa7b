import type { HashAlgorithm } from "./hash-algorithm";

/** The rules for a visitor's credential. Sizes are bytes in UTF-8. */

const maxUsernameBytes = 255;

/** The maximum number of significant bytes of a password: bcrypt ignores everything after the 72nd. */
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

/** Messages with the problem of a user name and the solution; they never contain the name. */
export const usernameMessages: Readonly<Record<UsernameProblem, string>> = {
  username_empty: "The user name is empty.",
  username_too_long: "The user name has more than 255 bytes in UTF-8.",
  username_not_unicode: "The user name contains an incomplete character (half of a surrogate pair). Type it again.",
  username_colon:
    "The user name has a colon, which ends a user name in HTTP. From a line of an htpasswd file, use only the part before the colon.",
  username_control_character: "The user name contains a control character, such as a line break or a tab.",
  username_separator: "The user name contains the character U+2551, at which Traefik splits lists.",
  username_outer_space: "The user name begins or ends with a space. Leave it out.",
};

/** Like `usernameMessages`, for passwords. */
export const passwordMessages: Readonly<Record<PasswordProblem, string>> = {
  password_empty: "The password is empty. Leave the field out to have one generated.",
  password_too_long: "The password is too long: the limit in UTF-8 is 255 bytes with apr1, and 72 bytes with bcrypt.",
  password_not_unicode: "The password contains an incomplete character (half of a surrogate pair). Type it again.",
  password_control_character: "The password contains a control character, such as a line break or a tab.",
};

/** C0, DEL and C1, and the two line separators that are not control characters. */
const control = /[\p{Cc}\u2028\u2029]/u;

/** Noncharacters (a raw U+FFFF in a file freezes a Traefik 3.7), and the byte order mark. */
const notForFiles = /[\p{Noncharacter_Code_Point}\uFEFF]/u;

/** Traefik splits list items at this character (U+2551). */
const listSeparator = "║";

const loneSurrogate = /\p{Surrogate}/u;

/** Returns the first problem of a user name, or `null`. */
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

/** Returns the first problem of a visitor's password for an algorithm, or `null`. */
export function checkVisitorPassword(password: string, algorithm: HashAlgorithm): PasswordProblem | null {
  if (password === "") return "password_empty";
  if (password.length > maxPasswordBytes[algorithm]) return "password_too_long";
  if (loneSurrogate.test(password)) return "password_not_unicode";
  if (Buffer.byteLength(password, "utf8") > maxPasswordBytes[algorithm]) return "password_too_long";
  if (control.test(password)) return "password_control_character";
  return null;
}
