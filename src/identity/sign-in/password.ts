import { eq } from "drizzle-orm";
import { users } from "../../../drizzle/members";
import { passwords } from "../../../drizzle/persons";
import { Unauthenticated } from "../../core/errors";
import type { Runtime } from "../../persistence/runtime";
import type { Attempt } from "../attempt";
import { type HashCaller, processHashQueues } from "../hash-queues";
import { limits } from "../limits";
import { hashPassword, isOutdated, verifyPassword } from "../passwords";
import { hasSecondFactor, holdPerson } from "../second-factors";
import { type OpenedSession, openSession } from "../sessions";
import type { Fields, SignInMethod } from "./method";
import { recordRefusedSignIn, recordSignIn } from "./record-sign-in";
import { takeTry } from "./take-try";

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
    const { runtime, ip } = attempt;
    const caller = { stranger: ip, onTurn };
    processHashQueues.requireRoom(caller); // before the database is asked anything
    await takeTry(attempt, limits.signInByAddress, ip ?? "unknown");
    const email = (fields.email ?? "").trim().toLowerCase();
    const password = fields.password ?? "";
    const account = await findAccount(runtime, email);
    // People type passwords into the wrong field: what is no account's address is kept as a keyed hash.
    const counted = account?.userId ?? runtime.signer.sign("limit", email);
    const failure = await takeTry(attempt, limits.failuresByAccount, counted, account);
    const session = await openWith(attempt, account, { password, caller }, fields).catch(async (error: unknown) => {
      await failure.forgive(); // nobody looked at it
      throw error;
    });
    if (session === null) throw await refused(attempt, account);
    await failure.forgive();
    return session;
  },
};

interface Account {
  readonly userId: string;
  readonly email: string;
  /** As it was when the password was compared with it. */
  readonly hash: string | null;
}

async function findAccount({ database }: Runtime, email: string): Promise<Account | null> {
  if (email.includes("\0")) return null; // PostgreSQL has no such text
  return database.transaction("identity", null, async (tx) => {
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
    await holdPerson(tx, userId); // whoever enrols a factor now ends this session, or is seen by it
    const [present] = await tx
      .select({ hash: passwords.hash })
      .from(passwords)
      .where(eq(passwords.userId, userId))
      .for("update");
    if (present === undefined || present.hash !== hash) return null;
    if (renewed !== null) await tx.update(passwords).set({ hash: renewed }).where(eq(passwords.userId, userId));
    const stage = (await hasSecondFactor(tx, userId)) ? "second_factor" : "full";
    const methods = ["password"] as const;
    const session = await openSession(tx, attempt, { userId, stage, methods, remember: fields.remember === "true" });
    await recordSignIn(tx, attempt, {
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

async function refused(attempt: Attempt, account: Account | null): Promise<Unauthenticated> {
  await recordRefusedSignIn(attempt, {
    action: "auth.signIn",
    reason: account ? "wrong_password" : "unknown_account",
    person: account,
    methods: [],
  });
  return new Unauthenticated("sign_in_refused", "This e-mail address and password do not fit.");
}
