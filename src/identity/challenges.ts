import { and, eq } from "drizzle-orm";
import { challenges } from "#drizzle/persons";
import type { Runtime } from "../access/runtime";
import { passedInSql } from "../database/moments-in-sql";
import { hasPassed, later } from "../platform/moment";
import { hashOfToken, newToken } from "./tokens";

export interface NewChallenge {
  /** A response to a challenge is valid for this purpose only. */
  readonly purpose: "passkey-enrolment" | "passkey-sign-in";
  /** The person who has to answer it, if known. */
  readonly userId: string | null;
  /** The session that it was created for. */
  readonly sessionId: string | null;
}

export interface Challenge {
  readonly userId: string | null;
  readonly sessionId: string | null;
}

/** Seconds within which it has to be answered. */
export const challengeSeconds = 300;

/**
 * Creates a challenge: 32 random bytes in base64url. The database stores their hash. Expired challenges are deleted in
 * the same transaction.
 */
export async function newChallenge(
  { database, random, clock }: Pick<Runtime, "database" | "random" | "clock">,
  { purpose, userId, sessionId }: NewChallenge,
): Promise<string> {
  const { token, hash } = newToken(random);
  const now = clock.now();
  const expiresAt = later(now, challengeSeconds * 1_000);
  await database.transaction("identity", null, async (tx) => {
    await tx.delete(challenges).where(and(eq(challenges.purpose, purpose), passedInSql(challenges.expiresAt, now)));
    await tx.insert(challenges).values({ hash, purpose, userId, sessionId, expiresAt });
  });
  return token;
}

/**
 * Takes a challenge, in a transaction of its own. It cannot be answered again, whether or not the response is accepted.
 * @returns null for a challenge that does not exist, was answered before, or has expired
 */
export async function spendChallenge(
  { database, clock }: Pick<Runtime, "database" | "clock">,
  purpose: NewChallenge["purpose"],
  challenge: string,
): Promise<Challenge | null> {
  const [row] = await database.transaction("identity", null, (tx) =>
    tx
      .delete(challenges)
      .where(and(eq(challenges.hash, hashOfToken(challenge)), eq(challenges.purpose, purpose)))
      .returning({ userId: challenges.userId, sessionId: challenges.sessionId, expiresAt: challenges.expiresAt }),
  );
  if (!row || hasPassed(row.expiresAt, clock.now())) return null;
  return { userId: row.userId, sessionId: row.sessionId };
}
