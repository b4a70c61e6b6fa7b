import { type SQL, sql } from "drizzle-orm";
import type { Runtime } from "../access/runtime";
import type { Database } from "../database/database";
import { Refusal } from "../platform/errors/refusal";
import { networkOf } from "../platform/net/network-of";
import { signInsOfAddress } from "../platform/passwords/hash-queues";

/** A number of attempts in a number of seconds, in a sliding window that all processes share. */
export interface Limit {
  /** The name of the limit: `sign-in:ip`. */
  readonly name: string;
  readonly attempts: number;
  readonly windowSeconds: number;
}

/** The limits of the requirements. */
export const limits = {
  signInByAddress: { name: "sign-in:ip", attempts: signInsOfAddress, windowSeconds: 60 },
  codeByAddress: { name: "code:ip", attempts: 5, windowSeconds: 60 },
  failuresByAccount: { name: "failures:account", attempts: 5, windowSeconds: 300 },
  managementByAddress: { name: "management:ip", attempts: 10, windowSeconds: 60 },
  oidcStartByAddress: { name: "oidc:ip", attempts: 10, windowSeconds: 60 },
  providerTestsOfOrganization: { name: "provider-test:organization", attempts: 20, windowSeconds: 600 },
  upstreamChecksOfCaller: { name: "upstream-check:caller", attempts: 20, windowSeconds: 60 },
  upstreamChecksOfOrganization: { name: "upstream-check:organization", attempts: 120, windowSeconds: 3_600 },
  keyCreationByAddress: { name: "key-creation:ip", attempts: 5, windowSeconds: 3_600 },
  proofsByOrganization: { name: "proofs:organization", attempts: 10, windowSeconds: 60 },
} as const satisfies Record<string, Limit>;

/**
 * Lets the statement's transaction commit without waiting for the disk. After a crash, the server may lose attempts of
 * its last second. A flush for every attempt would let strangers keep the disk busy, and on the embedded database the
 * event loop.
 */
export const unflushed = sql`set_config('synchronous_commit', 'off', true)`;

/** A counted attempt. `forgive` removes it, if only failures are limited. */
export interface Taken {
  forgive(): Promise<void>;
}

/**
 * Counts one attempt.
 * @param who the subject of the limit: an address, an account. All addresses of an IPv6 /64 count as one, because one
 * host has all of them.
 * @throws Refusal `rate_limited` with the seconds until the next attempt is allowed
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

/** The attempt as part of a statement: 0 if it was counted, otherwise the seconds until the next one is allowed. */
export function takingInSql(limit: Limit, key: string | SQL, now: Date): SQL {
  return sql`portcullis_take(${key}::text, ${limit.attempts}::integer, ${limit.windowSeconds}::integer, ${now.toISOString()}::timestamptz)`;
}

/** @param wait the result of `takingInSql` @throws Refusal `rate_limited` */
export function takenOf(limit: Limit, wait: number | null, forgive: () => Promise<void>): Taken {
  if (wait !== 0) {
    throw new Refusal("rate_limited", { limit: limit.name, retryAfter: wait ?? limit.windowSeconds });
  }
  return { forgive };
}

/** Removes the attempt that was counted at this time. */
export async function forgive(database: Database, key: string, at: Date): Promise<void> {
  await database.call(sql`select portcullis_forgive(${key}::text, ${at.toISOString()}::timestamptz), ${unflushed}`);
}

/** The key under which the attempts of a subject are counted. */
export function keyOf(limit: Limit, who: string): string {
  return `${limit.name}:${limit.name.endsWith(":ip") ? networkOf(who) : who}`;
}
