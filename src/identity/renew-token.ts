import { eq } from "drizzle-orm";
import { sessions } from "../../drizzle/persons";
import type { Transaction } from "../database/database";
import { remainingMs } from "../platform/moment";
import type { RandomBytes } from "../platform/values";
import { newToken } from "./tokens";

/** A session's cookie from here on. */
export interface RenewedToken {
  /** For the cookie, and nowhere else. */
  readonly token: string;
  /** Seconds until the session ends, whatever is done with it. */
  readonly maxAge: number;
}

/** Lets a session go on under a new token: every copy of its cookie is worth nothing from here on. */
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
