import { eq } from "drizzle-orm";
import { identities, sessions } from "../../../drizzle/persons";
import type { Transaction } from "../../database/database";

/** Ends what a provider opened: it is turned off, or another one from here on. Returns how many sessions that were. */
export async function endSessionsOfProvider(tx: Transaction, providerId: string): Promise<number> {
  const ended = await tx
    .delete(sessions)
    .where(eq(sessions.providerId, providerId))
    .returning({ sessionId: sessions.sessionId });
  return ended.length;
}

/** Forgets who is who at a provider: another issuer gives the same names to others. */
export async function forgetIdentities(tx: Transaction, providerId: string): Promise<void> {
  await tx.delete(identities).where(eq(identities.providerId, providerId));
}
