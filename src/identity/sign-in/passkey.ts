import { and, eq, lt, or, sql } from "drizzle-orm";
import { users } from "#drizzle/members";
import { passkeys } from "#drizzle/persons";
import type { Transaction } from "#src/database/database";
import { PasskeyAssertion } from "#src/platform/contract/second-factors";
import { Refusal } from "#src/platform/errors/refusal";
import { type Challenge, spendChallenge } from "../challenges";
import { limits } from "../limits";
import { type PasskeyProblem, readClientData, verifyAssertion } from "../passkeys";
import { findPendingSession } from "../pending-session";
import { relyingPartyOf } from "../relying-party";
import { holdPerson } from "../second-factors";
import { type Method, type OpenedSession, openSession } from "../sessions";
import type { SignInContext } from "../sign-in-context";
import { countAttempt } from "./count-attempt";
import type { Fields, SignInMethod } from "./method";
import { recordRefusedSignIn, recordSignIn } from "./record-sign-in";

/**
 * A passkey, alone or after the password. It proves possession and, because the authenticator verified the person, is a
 * second factor at the same time. Failures of the account do not block it: a person who guesses passwords cannot lock
 * out the passkey.
 */
export const passkeySignIn: SignInMethod = {
  id: "passkey",
  async signIn(attempt: SignInContext, fields: Fields) {
    await countAttempt(attempt, limits.signInByAddress, attempt.ip ?? "unknown");
    const result = await verify(attempt, fields.response ?? "");
    const opened = result.ok ? await open(attempt, result, fields.remember === "true") : result;
    if ("token" in opened) return opened;
    await refuse(attempt, opened);
    throw new Refusal("passkey_not_accepted");
  },
};

interface Owner {
  readonly passkeyId: string;
  readonly userId: string;
  readonly email: string;
}

interface RefusedPasskey {
  readonly ok: false;
  readonly problem: PasskeyProblem | "no_first_factor";
  readonly person: Owner | null;
}

interface Shown {
  readonly ok: true;
  readonly person: Owner;
  readonly challenge: Challenge;
  readonly counter: number;
  readonly backedUp: boolean;
}

async function verify({ runtime, origin }: SignInContext, text: string): Promise<Shown | RefusedPasskey> {
  const site = relyingPartyOf(origin);
  const assertion = readAssertion(text);
  const clientData = assertion && readClientData(assertion.response);
  if (!clientData) return { ok: false, problem: "malformed", person: null };
  const challenge = await spendChallenge(runtime, "passkey-sign-in", String(clientData.challenge));
  const passkey = await runtime.database.transaction("identity", null, (tx) => findPasskey(tx, assertion.id));
  const refused = (problem: PasskeyProblem): RefusedPasskey => ({ ok: false, problem, person: passkey });
  if (!challenge) return refused("unknown_challenge");
  if (!passkey) return refused("unknown_passkey");
  const verified = await verifyAssertion(site, clientData.challenge, challenge.userId, passkey, assertion);
  return verified.ok ? { ...verified, person: passkey, challenge } : refused(verified.problem);
}

async function open(attempt: SignInContext, shown: Shown, remember: boolean): Promise<OpenedSession | RefusedPasskey> {
  const { person, challenge, counter, backedUp } = shown;
  const { userId, passkeyId } = person;
  return attempt.runtime.database.transaction("identity", null, async (tx) => {
    await holdPerson(tx, userId); // what ends the waiting session also ends the session that follows it
    const pending = challenge.sessionId === null ? null : await findPendingSession(tx, attempt);
    if (challenge.sessionId !== null && (pending?.sessionId !== challenge.sessionId || pending.userId !== userId)) {
      return { ok: false, problem: "no_first_factor", person };
    }
    if (!(await advance(tx, attempt, passkeyId, counter, backedUp))) {
      return { ok: false, problem: "counter_regressed", person };
    }
    const methods: Method[] = [...(pending?.methods ?? []), "passkey"];
    const session = await openSession(tx, attempt, {
      userId,
      stage: "full",
      methods,
      remember: pending?.remember ?? remember,
      organizationId: pending?.organizationId ?? null,
    });
    await recordSignIn(tx, attempt, {
      outcome: "done",
      action: "auth.signIn",
      person,
      sessionId: session.sessionId,
      methods,
      changed: { passkeyId },
    });
    return session;
  });
}

/**
 * Records the use of a passkey. False for a counter that did not grow: a copy of the authenticator exists.
 * Authenticators that do not count always send 0.
 */
async function advance(
  tx: Transaction,
  { runtime }: SignInContext,
  passkeyId: string,
  counter: number,
  backedUp: boolean,
): Promise<boolean> {
  const grown = or(lt(passkeys.counter, counter), and(eq(passkeys.counter, 0), sql`${counter}::bigint = 0`));
  const advanced = await tx
    .update(passkeys)
    .set({ counter, backedUp, lastUsedAt: runtime.clock.now() })
    .where(and(eq(passkeys.passkeyId, passkeyId), grown))
    .returning({ passkeyId: passkeys.passkeyId });
  return advanced.length > 0;
}

async function findPasskey(tx: Transaction, credentialId: string) {
  const [row] = await tx
    .select({
      passkeyId: passkeys.passkeyId,
      credentialId: passkeys.credentialId,
      publicKey: passkeys.publicKey,
      userId: users.userId,
      email: users.email,
    })
    .from(passkeys)
    .innerJoin(users, eq(users.userId, passkeys.userId))
    .where(eq(passkeys.credentialId, credentialId));
  return row ?? null;
}

function readAssertion(text: string): PasskeyAssertion | null {
  try {
    const assertion = PasskeyAssertion.safeParse(JSON.parse(text));
    return assertion.success ? assertion.data : null;
  } catch {
    return null;
  }
}

async function refuse(attempt: SignInContext, { problem, person }: RefusedPasskey): Promise<void> {
  await recordRefusedSignIn(attempt, {
    action: "auth.signIn",
    reason: problem,
    person,
    methods: [],
    ...(person ? { changed: { passkeyId: person.passkeyId } } : {}),
  });
}
