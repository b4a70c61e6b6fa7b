import { type SQL, sql } from "drizzle-orm";
import type { Runtime } from "../access/runtime";
import type { Database } from "../database/database";
import { Refusal } from "../platform/errors/refusal";
import { networkOf } from "../platform/net/network-of";
import { signInsOfAddress } from "../platform/passwords/hash-queues";

/** So many tries in so many seconds, in a sliding window that all processes share. */
export interface Limit {
  /** What is limited: `sign-in:ip`. */
  readonly name: string;
  readonly tries: number;
  readonly windowSeconds: number;
}

/** The limits of the requirements. */
export const limits = {
  signInByAddress: { name: "sign-in:ip", tries: signInsOfAddress, windowSeconds: 60 },
  codeByAddress: { name: "code:ip", tries: 5, windowSeconds: 60 },
  failuresByAccount: { name: "failures:account", tries: 5, windowSeconds: 300 },
  managementByAddress: { name: "management:ip", tries: 10, windowSeconds: 60 },
  oidcStartByAddress: { name: "oidc:ip", tries: 10, windowSeconds: 60 },
  keyCreationByAddress: { name: "key-creation:ip", tries: 5, windowSeconds: 3_600 },
} as const satisfies Record<string, Limit>;

/**
 * Lets the statement's transaction commit without waiting for the disk. A server that crashes may forget tries of its last
 * second; a flush for every try would let strangers keep the disk busy, and on the embedded database the event loop.
 */
export const unflushed = sql`set_config('synchronous_commit', 'off', true)`;

/** A try that was counted; `forgive` takes it back, where only failures are limited. */
export interface Taken {
  forgive(): Promise<void>;
}

/**
 * Counts one try.
 * @param who an address, an account: whatever the limit is for. Whoever has one IPv6 address has all of its /64, so they count as one.
 * @throws Refusal `rate_limited` with the seconds until the next try is taken
 */
export async function take(
  { database, clock }: Pick<Runtime, "database" | "clock">,
  limit: Limit,
  who: string,
): Promise<Taken> {
  const key = keyOf(limit, who);
  const now = clock.now();
  const [row] = await database.call<{ wait: number }>(
    sql`select ${takingInSql(limit, key, now)} as wait, ${unflushed}`,
  );
  return takenOf(limit, row?.wait ?? null, () => forgive(database, key, now));
}

/** The try as part of a statement: 0 when it was taken, else the seconds until the next one is. */
export function takingInSql(limit: Limit, key: string | SQL, now: Date): SQL {
  return sql`portcullis_take(${key}::text, ${limit.tries}::integer, ${limit.windowSeconds}::integer, ${now.toISOString()}::timestamptz)`;
}

/** @param wait what `takingInSql` said @throws Refusal `rate_limited` */
export function takenOf(limit: Limit, wait: number | null, forgive: () => Promise<void>): Taken {
  if (wait !== 0) {
    throw new Refusal("rate_limited", { limit: limit.name, retryAfter: wait ?? limit.windowSeconds });
  }
  return { forgive };
}

/** Takes back the try that was counted at this moment. */
export async function forgive(database: Database, key: string, at: Date): Promise<void> {
  await database.call(sql`select portcullis_forgive(${key}::text, ${at.toISOString()}::timestamptz), ${unflushed}`);
}

/** What the tries of somebody are counted under. */
export function keyOf(limit: Limit, who: string): string {
  return `${limit.name}:${limit.name.endsWith(":ip") ? networkOf(who) : who}`;
}
