import { passwords } from "../../drizzle/persons";
import type { Transaction } from "../database/database";
import { endLinks } from "./links";

/** Gives somebody a password that they chose, by its hash: links to set one are worth nothing from here on. */
export async function storePassword(tx: Transaction, userId: string, hash: string, now: Date): Promise<void> {
  const row = { hash, changedAt: now, mustChange: false };
  await tx
    .insert(passwords)
    .values({ userId, ...row })
    .onConflictDoUpdate({ target: passwords.userId, set: row });
  await endLinks(tx, { userId }, "password_change");
}
