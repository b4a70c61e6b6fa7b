import { sql } from "drizzle-orm";
import { rowsOf } from "#src/database/database";
import { Refusal } from "#src/platform/errors/refusal";
import { forgive, keyOf, type Limit, limits, type Taken, take, takenOf, takingInSql, unflushed } from "../limits";
import type { SignInContext } from "../sign-in-context";
import { recordRefusedSignIn } from "./record-sign-in";

/**
 * Counts one attempt to sign in. An attempt above the limit is audited.
 * @param who the subject of the limit
 * @param person the person whose account it is about, if known
 * @throws Refusal `rate_limited`
 */
export async function countAttempt(
  attempt: SignInContext,
  limit: Limit,
  who: string,
  person: { readonly userId: string; readonly email: string } | null = null,
): Promise<Taken> {
  try {
    return await take(attempt.runtime, limit, who);
  } catch (refusal) {
    throw await recorded(attempt, limit, person, refusal);
  }
}

/** The account of a password, with the attempt that was counted for it. */
export interface PasswordAttempt {
  readonly account: Account | null;
  readonly failure: Taken;
}

export interface Account {
  readonly userId: string;
  readonly email: string;
  /** The hash that the password was compared with; null for a person without a password. */
  readonly hash: string | null;
}

/**
 * Counts one attempt to sign in with a password, for the caller's address and for the account, and finds the account.
 * It is one statement, whether or not there is an account. People type passwords into the wrong field, so text that is
 * not an account's address is counted under a keyed hash.
 * @throws Refusal `rate_limited` audited; the attempt is not counted for the account if the address is above its limit
 */
export async function countPasswordAttempt(attempt: SignInContext, email: string): Promise<PasswordAttempt> {
  const { runtime, ip } = attempt;
  const { database, clock, signer } = runtime;
  const { signInByAddress, failuresByAccount } = limits;
  const now = clock.now();
  const known = email.includes("\0") ? null : email; // PostgreSQL cannot store such text
  const unknown = signer.sign("limit", email);
  const statement = sql`with
    address as materialized (select ${takingInSql(signInByAddress, keyOf(signInByAddress, ip ?? "unknown"), now)} as wait, ${unflushed}),
    account as materialized (select u.user_id, u.email, p.hash from users u
      left join passwords p on p.user_id = u.user_id where u.email = ${known}::text)
    select account.user_id as "userId", account.email, account.hash, address.wait as "addressWait",
      case when address.wait = 0 then ${takingInSql(failuresByAccount, sql`${keyOf(failuresByAccount, "")} || coalesce(account.user_id, ${unknown}::text)`, now)} end as "accountWait"
    from address left join account on true`;
  const [row] = await database.batch("identity", null, 1, async (tx) =>
    rowsOf<PasswordAttemptRow>(await tx.execute(statement)),
  );
  const account = accountOf(row);
  const key = keyOf(failuresByAccount, account?.userId ?? unknown);
  try {
    takenOf(signInByAddress, row?.addressWait ?? null, nothing);
  } catch (refusal) {
    throw await recorded(attempt, signInByAddress, null, refusal);
  }
  try {
    return {
      account,
      failure: takenOf(failuresByAccount, row?.accountWait ?? null, () => forgive(database, key, now)),
    };
  } catch (refusal) {
    throw await recorded(attempt, failuresByAccount, account, refusal);
  }
}

interface PasswordAttemptRow {
  readonly userId: string | null;
  readonly email: string | null;
  readonly hash: string | null;
  readonly addressWait: number;
  readonly accountWait: number | null;
}

function accountOf(row: PasswordAttemptRow | undefined): Account | null {
  if (row === undefined || row.userId === null || row.email === null) return null;
  return { userId: row.userId, email: row.email, hash: row.hash };
}

const nothing = async (): Promise<void> => undefined;

/** @returns the refusal itself */
async function recorded(
  attempt: SignInContext,
  limit: Limit,
  person: { readonly userId: string; readonly email: string } | null,
  refusal: unknown,
): Promise<unknown> {
  if (!(refusal instanceof Refusal) || refusal.kind !== "tooMany") return refusal;
  await recordRefusedSignIn(attempt, {
    action: "auth.signIn",
    reason: refusal.reason,
    person,
    methods: [],
    changed: { limit: limit.name },
  });
  return refusal;
}
