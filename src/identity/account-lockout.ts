import { inArray, like, or } from "drizzle-orm";
import { limits as limitsTable } from "#drizzle/persons";
import type { Transaction } from "../database/database";
import { stillCounts } from "../platform/moment";
import { keyOf, limits } from "./limits";
import { proofFailuresByAccount } from "./re-authentication";
import { codeFailuresByAccount } from "./second-factors";

/** The counters of an account's failures, independent of who causes them. */
const locks = [limits.failuresByAccount, codeFailuresByAccount, proofFailuresByAccount];

const keysOf = (userId: string) => locks.map((limit) => keyOf(limit, userId));

/** Clears the failures of an account. @returns whether it was locked */
export async function unlockAccount(tx: Transaction, userId: string, now: Date): Promise<boolean> {
  const forgotten = await tx
    .delete(limitsTable)
    .where(inArray(limitsTable.key, keysOf(userId)))
    .returning({ key: limitsTable.key, times: limitsTable.times });
  return lockedBy(forgotten, now).length > 0;
}

/** Returns for each account whether its next password or code would be refused without being checked. */
export async function lockedAccounts(tx: Transaction, now: Date): Promise<(userId: string) => boolean> {
  const rows = await tx
    .select({ key: limitsTable.key, times: limitsTable.times })
    .from(limitsTable)
    .where(or(...locks.map(({ name }) => like(limitsTable.key, `${name}:%`))));
  const keys = new Set(lockedBy(rows, now));
  return (userId) => keysOf(userId).some((key) => keys.has(key));
}

function lockedBy(rows: readonly { readonly key: string; readonly times: readonly Date[] }[], now: Date): string[] {
  const isFull = ({ key, times }: (typeof rows)[number]) =>
    locks.some(
      ({ name, attempts, windowSeconds }) =>
        key.startsWith(`${name}:`) &&
        times.filter((time) => stillCounts(time, now, windowSeconds * 1_000)).length >= attempts,
    );
  return rows.filter(isFull).map(({ key }) => key);
}
