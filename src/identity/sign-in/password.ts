import { eq } from "drizzle-orm";
import { users } from "#drizzle/members";
import { passwords } from "#drizzle/persons";
import type { Runtime } from "#src/access/runtime";
import { Refusal } from "#src/platform/errors/refusal";
import { type HashCaller, processHashQueues } from "#src/platform/passwords/hash-queues";
import { hashPassword, isOutdated, verifyPassword } from "../passwords";
import { hasSecondFactor, holdPerson } from "../second-factors";
import { firstOrganization, type OpenedSession, openSession } from "../sessions";
import type { SignInContext } from "../sign-in-context";
import { type Account, countPasswordAttempt } from "./count-attempt";
import type { Fields, SignInMethod } from "./method";
import { recordRefusedSignIn, recordSignIn } from "./record-sign-in";

/**
 * E-mail address and password. If a second factor is enrolled, the session can only be used to present one.
 *
 * The response does not reveal whether the account exists or is locked: attempts are counted for the typed address,
 * with or without an account. Other ways to sign in are not counted with these, so that a stranger who guesses cannot
 * lock out a person who has a passkey or is signed in.
 */
export const passwordSignIn: SignInMethod = {
  id: "password",
  async signIn(attempt: SignInContext, fields: Fields, onTurn: () => void) {
    const caller = { stranger: attempt.ip, onTurn };
    processHashQueues.requireRoom(caller); // before the first query
    const password = fields.password ?? "";
    const { account, failure } = await countPasswordAttempt(attempt, (fields.email ?? "").trim().toLowerCase());
    const session = await openWith(attempt, account, { password, caller }, fields).catch(async (error: unknown) => {
      await failure.forgive(); // the password was not compared
      throw error;
    });
    if (session === null) throw await refused(attempt, account);
    await failure.forgive();
    return session;
  },
};

/** The account in its current state. */
async function findAccount({ database }: Runtime, email: string): Promise<Account | null> {
  return database.batch("identity", null, 1, async (tx) => {
    const [row] = await tx
      .select({ userId: users.userId, email: users.email, hash: passwords.hash })
      .from(users)
      .leftJoin(passwords, eq(passwords.userId, users.userId))
      .where(eq(users.email, email));
    return row ?? null;
  });
}

/**
 * Compares the password, creates the hash that replaces an imported one, and opens the session; null if the password is
 * wrong.
 */
async function openWith(
  attempt: SignInContext,
  account: Account | null,
  { password, caller }: { readonly password: string; readonly caller: HashCaller },
  fields: Fields,
): Promise<OpenedSession | null> {
  const matches = await verifyPassword(password, account?.hash ?? null, caller);
  if (!matches || !account?.hash) return null;
  const known = { known: account.userId };
  const renewed = isOutdated(account.hash) ? await hashPassword(password, known) : null;
  const session = await open(attempt, account, renewed, fields);
  if (session !== null) return session;
  // The hash was changed during the comparison. If two sign-ins with an imported hash run concurrently, the first one
  // replaces it.
  const now = await findAccount(attempt.runtime, account.email);
  return (await verifyPassword(password, now?.hash ?? null, known)) && now ? open(attempt, now, null, fields) : null;
}

/** Null if the password has changed since it was compared. */
async function open(
  attempt: SignInContext,
  account: Account,
  renewed: string | null,
  fields: Fields,
): Promise<OpenedSession | null> {
  const { userId, hash } = account;
  return attempt.runtime.database.transaction("identity", null, async (tx) => {
    const [, [present], isGuarded, organizationId] = await Promise.all([
      holdPerson(tx, userId), // a concurrent enrolment of a factor either ends this session, or is visible to it
      tx.select({ hash: passwords.hash }).from(passwords).where(eq(passwords.userId, userId)).for("update"),
      hasSecondFactor(tx, userId),
      firstOrganization(tx, userId),
    ]);
    if (present === undefined || present.hash !== hash) return null;
    if (renewed !== null) await tx.update(passwords).set({ hash: renewed }).where(eq(passwords.userId, userId));
    const stage = isGuarded ? "second_factor" : "full";
    const methods = ["password"] as const;
    const remember = fields.remember === "true";
    const session = await openSession(tx, attempt, { userId, stage, methods, remember, organizationId });
    await recordSignIn(tx, attempt, {
      ...(organizationId === null ? {} : { organizationId }),
      outcome: "done",
      action: stage === "full" ? "auth.signIn" : "auth.firstFactor",
      person: account,
      sessionId: session.sessionId,
      methods,
      ...(renewed === null ? {} : { changed: { rehashed: true } }),
    });
    return session;
  });
}

async function refused(attempt: SignInContext, account: Account | null): Promise<Refusal> {
  await recordRefusedSignIn(attempt, {
    action: "auth.signIn",
    reason: account ? "wrong_password" : "unknown_account",
    person: account,
    methods: [],
  });
  return new Refusal("sign_in_refused");
}
