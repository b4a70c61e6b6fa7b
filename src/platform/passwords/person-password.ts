import { adviseOnPassword, type PasswordWarning } from "./password-advice";

const mostCharacters = 128;

/**
 * The advice on visitors' passwords that is mandatory for a person's own password. There are no rules for character
 * classes.
 */
const rules: ReadonlySet<string> = new Set(["password_short", "password_common", "password_contains_username"]);

interface PasswordProblem {
  readonly reason: PasswordWarning["reason"] | "password_long" | "password_not_text";
  /** The text for people; it never contains the password. */
  readonly message: string;
}

/**
 * Returns why a text cannot be a person's password: it has fewer than 12 or more than 128 characters, is common, or
 * contains the e-mail address. Empty for an acceptable password.
 * @param isCommon whether a lower-case text is on a list of common passwords (`loadCommonPasswords` has one)
 */
export function adviseOnPersonPassword(
  password: string,
  email: string,
  isCommon: (text: string) => boolean,
): PasswordProblem[] {
  if ([...password].length > mostCharacters) {
    return [{ reason: "password_long", message: `The password has more than ${mostCharacters} characters.` }];
  }
  if (/\p{Cs}|\0/u.test(password)) {
    return [{ reason: "password_not_text", message: "The password holds something that is no character." }];
  }
  return adviseOnPassword(password, email, isCommon)
    .filter(({ reason }) => rules.has(reason))
    .map(({ reason, message }) =>
      reason === "password_contains_username"
        ? { reason, message: "The password contains the e-mail address." }
        : { reason, message },
    );
}
