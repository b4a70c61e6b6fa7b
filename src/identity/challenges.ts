import { and, eq } from "drizzle-orm";
import { challenges } from "../../drizzle/persons";
import type { Runtime } from "../access/runtime";
import { passedInSql } from "../database/moments-in-sql";
import { hasPassed, later } from "../platform/moment";
import { hashOfToken, newToken } from "./tokens";

export interface NewChallenge {
  /** An answer to a challenge for one purpose is worth nothing for another. */
  readonly purpose: "passkey-enrolment" | "passkey-sign-in";
  /** Whose answer it has to be, where that is known. */
  readonly userId: string | null;
  /** The session that it was made for. */
  readonly sessionId: string | null;
}

export interface Challenge {
  readonly userId: string | null;
  readonly sessionId: string | null;
}

/** Seconds in which it has to be answered. */
export const challengeSeconds = 300;

/** Makes a challenge: 32 random bytes in base64url, of which the database keeps the hash. Expired ones go with it. */
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
 * Takes a challenge, in a transaction of its own: whatever comes of the answer, it cannot be answered again.
 * @returns null for one that nobody made, that was answered before, or that has expired
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
