import { Refusal } from "#src/platform/errors/refusal";
import { limits } from "../limits";
import { findPendingSession } from "../pending-session";
import { codeFailuresByAccount, holdPerson, spendCode } from "../second-factors";
import { type OpenedSession, openSession } from "../sessions";
import type { SignInContext } from "../sign-in-context";
import { countAttempt } from "./count-attempt";
import type { Fields, SignInMethod } from "./method";
import { recordRefusedSignIn, recordSignIn } from "./record-sign-in";

/**
 * A code after the password: an authenticator app's code or a recovery code. The session that waited for it ends, and a
 * new session with a new token begins.
 */
export const secondFactorSignIn: SignInMethod = {
  id: "second-factor",
  async signIn(attempt: SignInContext, fields: Fields) {
    const { runtime, ip } = attempt;
    await countAttempt(attempt, limits.codeByAddress, ip ?? "unknown");
    const pending = await runtime.database.transaction("identity", null, (tx) => findPendingSession(tx, attempt));
    if (!pending) throw await refused(attempt);
    const failure = await countAttempt(attempt, codeFailuresByAccount, pending.userId, pending);
    const result = await showCode(attempt, pending.userId, fields.code ?? "");
    if (result === "no_session") throw await refused(attempt);
    if (result === "no_code") throw new Refusal("code_refused");
    await failure.forgive();
    return result;
  },
};

async function showCode(
  attempt: SignInContext,
  userId: string,
  code: string,
): Promise<OpenedSession | "no_session" | "no_code"> {
  const { runtime } = attempt;
  return runtime.database.transaction("identity", null, async (tx) => {
    await holdPerson(tx, userId); // what ends the waiting session also ends the session that follows it
    const pending = await findPendingSession(tx, attempt);
    if (pending?.userId !== userId) return "no_session";
    const { remember, organizationId, sessionId } = pending;
    const { outcome, method } = await spendCode(tx, runtime.sealer, userId, code, runtime.clock.now());
    if (outcome !== "valid") {
      await recordSignIn(tx, attempt, {
        outcome: "refused",
        action: "auth.signIn",
        reason: outcome === "spent" ? "spent_code" : "wrong_code",
        person: pending,
        sessionId,
        methods: pending.methods,
      });
      return "no_code";
    }
    const methods = [...pending.methods, method];
    const session = await openSession(tx, attempt, { userId, stage: "full", methods, remember, organizationId });
    await recordSignIn(tx, attempt, {
      outcome: "done",
      action: "auth.signIn",
      person: pending,
      sessionId: session.sessionId,
      methods,
    });
    return session;
  });
}

/** No password was presented in this browser, or it was too long ago. */
async function refused(attempt: SignInContext): Promise<Refusal> {
  await recordRefusedSignIn(attempt, {
    action: "auth.signIn",
    reason: "no_first_factor",
    person: null,
    methods: [],
  });
  return new Refusal("session_ended");
}
