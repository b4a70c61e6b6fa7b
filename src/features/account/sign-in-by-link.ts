import { unlockAccount } from "#src/identity/account-lockout";
import { limits } from "#src/identity/limits";
import { type FoundLink, findLink, spendLink } from "#src/identity/links";
import { hashPassword, requireAcceptablePassword } from "#src/identity/passwords";
import { requireGoodLink } from "#src/identity/require-good-link";
import { hasSecondFactor, holdPerson } from "#src/identity/second-factors";
import { endSessionsOf, type OpenedSession, openSession } from "#src/identity/sessions";
import { countAttempt } from "#src/identity/sign-in/count-attempt";
import type { Fields, SignInMethod } from "#src/identity/sign-in/method";
import { recordRefusedSignIn, recordSignIn } from "#src/identity/sign-in/record-sign-in";
import type { SignInContext } from "#src/identity/sign-in-context";
import { storePassword } from "#src/identity/store-password";
import { Refusal } from "#src/platform/errors/refusal";
import { setUpByLink } from "./set-up-by-link";

/**
 * Signs in with a one-time link and the password that its holder chooses. It sets up an empty installation, or admits a
 * person whose account was created or unlocked on the host. Every earlier session of the person ends. A second factor
 * is still requested.
 * @throws Refusal `link_unknown` | `link_used`, `link_ended`, `link_expired`, `already_set_up`
 * @throws Refusal `weak_password`, `invalid_input` | `rate_limited`
 */
export const linkSignIn: SignInMethod = {
  id: "link",
  async signIn(attempt: SignInContext, fields: Fields) {
    const { runtime, ip } = attempt;
    await countAttempt(attempt, limits.signInByAddress, ip ?? "unknown");
    const found = await runtime.database.transaction("identity", null, (tx) => findLink(tx, fields.token ?? ""));
    try {
      const link = requireGoodLink(found, runtime.clock.now());
      return await (link.person ? choosePassword(attempt, fields, link.person) : setUpByLink(attempt, fields));
    } catch (refusal) {
      if (refusal instanceof Refusal) await recordRefused(attempt, refusal, found);
      throw refusal;
    }
  },
};

async function choosePassword(
  attempt: SignInContext,
  fields: Fields,
  person: { readonly userId: string; readonly email: string },
): Promise<OpenedSession> {
  const { runtime } = attempt;
  const { userId, email } = person;
  const password = fields.password ?? "";
  await requireAcceptablePassword(password, email);
  const hash = await hashPassword(password, { known: userId });
  return runtime.database.transaction("identity", null, async (tx) => {
    const now = runtime.clock.now();
    await holdPerson(tx, userId);
    const link = requireGoodLink(await findLink(tx, fields.token ?? "", true), now);
    await spendLink(tx, link, now);
    await storePassword(tx, userId, hash, now);
    await unlockAccount(tx, userId, now);
    const endedSessions = await endSessionsOf(tx, userId);
    const stage = (await hasSecondFactor(tx, userId)) ? "second_factor" : "full";
    const methods = ["link"] as const;
    const session = await openSession(tx, attempt, { userId, stage, methods, remember: false });
    await recordSignIn(tx, attempt, {
      outcome: "done",
      action: stage === "full" ? "auth.signIn" : "auth.firstFactor",
      person,
      sessionId: session.sessionId,
      methods,
      changed: { password: "chosen", linkId: link.linkId, purpose: link.purpose, endedSessions },
    });
    return session;
  });
}

async function recordRefused(attempt: SignInContext, { reason }: Refusal, link: FoundLink | null): Promise<void> {
  const person = link?.person ?? null;
  await recordRefusedSignIn(attempt, { action: "auth.signIn", reason, person, methods: ["link"] });
}
