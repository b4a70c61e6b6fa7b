import type { OpenedSession } from "../sessions";
import type { SignInContext } from "../sign-in-context";

/** The fields of a sign-in form: text by name. */
export type Fields = Readonly<Record<string, string | undefined>>;

/**
 * One way to sign in with what the browser itself sends (not by an OIDC provider). It audits the outcome, counts
 * attempts against the limits, and opens the session.
 */
export interface SignInMethod {
  /** In the address: `/api/auth/callback/<id>`. */
  readonly id: string;
  /**
   * @param onTurn is called after a wait in a queue: the minimum duration of the response starts again
   * @throws Refusal neutral towards a visitor: the audit log has the true reason
   */
  signIn(attempt: SignInContext, fields: Fields, onTurn: () => void): Promise<OpenedSession>;
}
