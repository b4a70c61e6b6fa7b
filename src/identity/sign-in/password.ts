import { eq } from "drizzle-orm";
import { users } from "../../../drizzle/members";
import { passwords } from "../../../drizzle/persons";
import type { Runtime } from "../../access/runtime";
import { Refusal } from "../../platform/errors/refusal";
import { type HashCaller, processHashQueues } from "../../platform/passwords/hash-queues";
import { hashPassword, isOutdated, verifyPassword } from "../passwords";
import { hasSecondFactor, holdPerson } from "../second-factors";
import { firstOrganization, type OpenedSession, openSession } from "../sessions";
import type { Attempt } from "../sign-in-context";
import type { Fields, SignInMethod } from "./method";
import { recordRefusedSignIn, recordSignIn } from "./record-sign-in";
import { type Account, takePasswordTry } from "./take-try";

/**
 * E-mail address and password. With a second factor enrolled, the session only lets one show it.
 *
 * Whether there is an account, and whether it is locked, cannot be told: tries are counted for what was typed, account or
 * not. Other ways to sign in are not counted with these, so that a stranger who guesses keeps nobody out who has a passkey
 * or is signed in.
 */
export const passwordSignIn: SignInMethod = {
  id: "password",
  async signIn(attempt: Attempt, fields: Fields, onTurn: () => void) {
    const caller = { stranger: attempt.ip, onTurn };
    processHashQueues.requireRoom(caller); // before the database is asked anything
    const password = fields.password ?? "";
    const { account, failure } = await takePasswordTry(attempt, (fields.email ?? "").trim().toLowerCase());
    const session = await openWith(attempt, account, { password, caller }, fields).catch(async (error: unknown) => {
      await failure.forgive(); // nobody looked at it
      throw error;
    });
    if (session === null) throw await refused(attempt, account);
    await failure.forgive();
    return session;
  },
};

/** As it is now. */
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

/** Compares, makes the hash that replaces one from elsewhere, and opens the session; null where the password is wrong. */
async function openWith(
  attempt: Attempt,
  account: Account | null,
  { password, caller }: { readonly password: string; readonly caller: HashCaller },
  fields: Fields,
): Promise<OpenedSession | null> {
  const good = await verifyPassword(password, account?.hash ?? null, caller);
  if (!good || !account?.hash) return null;
  const known = { known: account.userId };
  const renewed = isOutdated(account.hash) ? await hashPassword(password, known) : null;
  const session = await open(attempt, account, renewed, fields);
  if (session !== null) return session;
  // It was changed while it was compared; of two sign-ins at once with a hash from elsewhere the first one replaces it.
  const now = await findAccount(attempt.runtime, account.email);
  return (await verifyPassword(password, now?.hash ?? null, known)) && now ? open(attempt, now, null, fields) : null;
}

/** Null where the password is not the one that was compared any more. */
async function open(
  attempt: Attempt,
  account: Account,
  renewed: string | null,
  fields: Fields,
): Promise<OpenedSession | null> {
  const { userId, hash } = account;
  return attempt.runtime.database.transaction("identity", null, async (tx) => {
    const [, [present], isGuarded, organizationId] = await Promise.all([
      holdPerson(tx, userId), // whoever enrols a factor now ends this session, or is seen by it
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

async function refused(attempt: Attempt, account: Account | null): Promise<Refusal> {
  await recordRefusedSignIn(attempt, {
    action: "auth.signIn",
    reason: account ? "wrong_password" : "unknown_account",
    person: account,
    methods: [],
  });
  return new Refusal("sign_in_refused");
}
