import { eq } from "drizzle-orm";
import { sessions } from "#drizzle/persons";
import type { Transaction } from "../database/database";
import { remainingMs } from "../platform/moment";
import type { RandomBytes } from "../platform/values";
import { newToken } from "./tokens";

/** The new cookie of a session. */
export interface RenewedToken {
  /** For the cookie only; never stored or logged. */
  readonly token: string;
  /** Seconds until the session ends, whether or not it is used. */
  readonly maxAge: number;
}

/** Continues a session under a new token. Every copy of the former cookie stops working. */
export async function renewToken(
  tx: Transaction,
  sessionId: string,
  { now, random }: { readonly now: Date; readonly random: RandomBytes },
): Promise<RenewedToken> {
  const { token, hash } = newToken(random);
  const [session] = await tx
    .update(sessions)
    .set({ hash })
    .where(eq(sessions.sessionId, sessionId))
    .returning({ expiresAt: sessions.expiresAt });
  const maxAge = Math.floor(remainingMs(session?.expiresAt, now) / 1_000);
  return { token, maxAge };
}
