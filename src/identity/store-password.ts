import { passwords } from "#drizzle/persons";
import type { Transaction } from "../database/database";
import { endLinks } from "./links";

/** Stores the hash of a person's new password. The person's links to set a password stop working. */
export async function storePassword(tx: Transaction, userId: string, hash: string, now: Date): Promise<void> {
  const row = { hash, changedAt: now, mustChange: false };
  await tx
    .insert(passwords)
    .values({ userId, ...row })
    .onConflictDoUpdate({ target: passwords.userId, set: row });
  await endLinks(tx, { userId }, "password_change");
}
