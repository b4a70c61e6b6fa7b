import { adviseOnPassword, type PasswordWarning } from "./password-advice";

const mostCharacters = 128;

/** What of the advice on a visitor's password is a rule for a person's own. How it is composed is nobody's business. */
const rules: ReadonlySet<string> = new Set(["password_short", "password_common", "password_contains_username"]);

interface PasswordProblem {
  readonly reason: PasswordWarning["reason"] | "password_long" | "password_not_text";
  /** For people; never holds the password. */
  readonly message: string;
}

/**
 * Everything that keeps a text from being a person's password: fewer than 12 or more than 128 characters, a common one,
 * the e-mail address in it. Empty for a good one.
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
