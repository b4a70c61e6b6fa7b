import { and, eq, sql } from "drizzle-orm";
import { challenges } from "#drizzle/persons";
import type { Runtime } from "#src/access/runtime";
import { passedInSql } from "#src/database/moments-in-sql";
import { hasPassed, later } from "#src/platform/moment";
import { hashOfToken } from "../tokens";

/** What the response of a sign-in by a provider has to present, once. */
const purpose = "oidc-state";

/** Seconds within which the person has to sign in at the provider. */
export const stateSeconds = 900;

/** The data that was stored when the sign-in began. */
interface BegunSignIn {
  readonly providerId: string;
  readonly remember: boolean;
}

/** Stores that a sign-in began. Deletes expired ones at the same time. */
export async function rememberState(
  { database, clock }: Pick<Runtime, "database" | "clock">,
  state: string,
  { providerId, remember }: BegunSignIn,
): Promise<void> {
  const now = clock.now();
  const expiresAt = later(now, stateSeconds * 1_000);
  await database.transaction("identity", null, async (tx) => {
    await tx.delete(challenges).where(and(eq(challenges.purpose, purpose), passedInSql(challenges.expiresAt, now)));
    await tx
      .insert(challenges)
      .values({ hash: hashOfToken(state), purpose, value: { providerId, remember, spent: false }, expiresAt });
  });
}

export type SpentState =
  | { readonly ok: true; readonly remember: boolean }
  | { readonly ok: false; readonly reason: "state_unknown" | "state_replayed" | "state_expired" | "provider_mismatch" };

/** Takes the state of a returning sign-in. It cannot be used again, whether or not the sign-in succeeds. */
export async function spendState(
  { database, clock }: Pick<Runtime, "database" | "clock">,
  state: string,
  providerId: string,
): Promise<SpentState> {
  const row = await database.transaction("identity", null, async (tx) => {
    const is = and(eq(challenges.hash, hashOfToken(state)), eq(challenges.purpose, purpose));
    const [found] = await tx.select().from(challenges).where(is).for("update");
    if (found)
      await tx
        .update(challenges)
        .set({ value: sql`${challenges.value} || '{"spent": true}'::jsonb` })
        .where(is);
    return found;
  });
  if (!row?.value) return { ok: false, reason: "state_unknown" };
  if (row.value.spent === true) return { ok: false, reason: "state_replayed" };
  if (hasPassed(row.expiresAt, clock.now())) return { ok: false, reason: "state_expired" };
  if (row.value.providerId !== providerId) return { ok: false, reason: "provider_mismatch" };
  return { ok: true, remember: row.value.remember === true };
}
