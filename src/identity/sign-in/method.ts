import type { OpenedSession } from "../sessions";
import type { Attempt } from "../sign-in-context";

/** What a sign-in form sent: text by name. */
export type Fields = Readonly<Record<string, string | undefined>>;

/**
 * One way to sign in with what the browser sends itself (not by way of an OIDC provider).
 * It audits what happened, good or bad, counts what is limited, and opens the session.
 */
export interface SignInMethod {
  /** In the address: `/api/auth/callback/<id>`. */
  readonly id: string;
  /**
   * @param onTurn to be called after a wait in a queue: the time that no answer may come sooner than begins again
   * @throws Refusal neutral towards a visitor: the audit log has the true reason
   */
  signIn(attempt: Attempt, fields: Fields, onTurn: () => void): Promise<OpenedSession>;
}
