import { and, eq, isNotNull } from "drizzle-orm";
import { users } from "#drizzle/members";
import { passkeys, totpSecrets } from "#drizzle/persons";
import type { Transaction } from "../database/database";
import type { Sealer } from "../database/sealing";
import type { Limit } from "./limits";
import { countRecoveryCodes, removeRecoveryCodes, spendRecoveryCode } from "./recovery-codes";
import { type CodeOutcome, spendTotpCode } from "./totp";

/** The second factors that a person has enrolled. A passkey counts as one: it is requested after the password. */
export interface SecondFactors {
  readonly totp: boolean;
  readonly passkeys: number;
  /** The number of recovery codes that are left. */
  readonly recoveryCodes: number;
}

export async function secondFactorsOf(tx: Transaction, userId: string): Promise<SecondFactors> {
  const [confirmed, keys, codes] = await Promise.all([
    tx
      .select({ userId: totpSecrets.userId })
      .from(totpSecrets)
      .where(and(eq(totpSecrets.userId, userId), isNotNull(totpSecrets.confirmedAt))),
    tx.$count(passkeys, eq(passkeys.userId, userId)),
    countRecoveryCodes(tx, userId),
  ]);
  return { totp: confirmed.length > 0, passkeys: keys, recoveryCodes: codes };
}

/** Whether this person needs more than a password. */
export async function hasSecondFactor(tx: Transaction, userId: string): Promise<boolean> {
  const { totp, passkeys } = await secondFactorsOf(tx, userId);
  return totp || passkeys > 0;
}

/** Recovery codes replace a second factor. Without any second factor they have no use. */
export async function dropIdleRecoveryCodes(tx: Transaction, userId: string): Promise<void> {
  if (!(await hasSecondFactor(tx, userId))) await removeRecoveryCodes(tx, userId);
}

/**
 * Locks a person's row until the transaction ends, so that sign-ins and changes of their password, factors and sessions
 * run one after the other. Call it before any other row of the person is locked.
 */
export async function holdPerson(tx: Transaction, userId: string): Promise<void> {
  await tx.select({ userId: users.userId }).from(users).where(eq(users.userId, userId)).for("no key update");
}

/**
 * Wrong codes for one account, from any address: codes cannot be guessed from many addresses. Only a person who knows
 * the password, or has a session, can send a code, so a stranger cannot lock out anyone. A passkey is not limited by
 * it.
 */
export const codeFailuresByAccount = {
  name: "code-failures:account",
  attempts: 5,
  windowSeconds: 300,
} as const satisfies Limit;

export interface SpentCode {
  readonly outcome: CodeOutcome;
  /** The kind of code, as far as its form shows it. */
  readonly method: "totp" | "recovery_code";
}

/** Six digits are an authenticator app's code; everything else is checked as a recovery code. */
const looksLikeTotp = /^[\s-]*(?:\d[\s-]*){6}$/;

/** Takes a code of either kind. Each code is valid once. */
export async function spendCode(
  tx: Transaction,
  sealer: Sealer,
  userId: string,
  code: string,
  now: Date,
): Promise<SpentCode> {
  if (looksLikeTotp.test(code)) {
    return { method: "totp", outcome: await spendTotpCode(tx, sealer, userId, code, now) };
  }
  return { method: "recovery_code", outcome: await spendRecoveryCode(tx, userId, code, now) };
}
