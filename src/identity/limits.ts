import { sql } from "drizzle-orm";
import { networkOf } from "../core/audit/network-of";
import { TooMany } from "../core/errors";
import type { Runtime } from "../persistence/runtime";

/** So many tries in so many seconds, in a sliding window that all processes share. */
export interface Limit {
  /** What is limited: `sign-in:ip`. */
  readonly name: string;
  readonly tries: number;
  readonly windowSeconds: number;
}

/** The limits of the requirements. */
export const limits = {
  signInByAddress: { name: "sign-in:ip", tries: 5, windowSeconds: 60 },
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
const unflushed = sql`set_config('synchronous_commit', 'off', true)`;

/** A try that was counted; `forgive` takes it back, where only failures are limited. */
export interface Taken {
  forgive(): Promise<void>;
}

/**
 * Counts one try.
 * @param who an address, an account: whatever the limit is for. Whoever has one IPv6 address has all of its /64, so they count as one.
 * @throws TooMany with the seconds until the next try is taken
 */
export async function take(
  { database, clock }: Pick<Runtime, "database" | "clock">,
  limit: Limit,
  who: string,
): Promise<Taken> {
  const key = keyOf(limit, who);
  const moment = clock.now().toISOString();
  const [row] = await database.call<{ wait: number }>(
    sql`select portcullis_take(${key}::text, ${limit.tries}::integer, ${limit.windowSeconds}::integer, ${moment}::timestamptz) as wait, ${unflushed}`,
  );
  if (!row || row.wait > 0) throw new TooMany(limit.name, row?.wait ?? limit.windowSeconds);
  return {
    forgive: async () => {
      await database.call(sql`select portcullis_forgive(${key}::text, ${moment}::timestamptz), ${unflushed}`);
    },
  };
}

/** What the tries of somebody are counted under. */
export function keyOf(limit: Limit, who: string): string {
  return `${limit.name}:${limit.name.endsWith(":ip") ? networkOf(who) : who}`;
}
