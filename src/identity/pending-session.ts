import { and, eq } from "drizzle-orm";
import { users } from "#drizzle/members";
import { sessions } from "#drizzle/persons";
import type { Transaction } from "../database/database";
import { aheadInSql } from "../database/moments-in-sql";
import type { Method } from "./sessions";
import type { SignInContext } from "./sign-in-context";

/** A session that can only be used to present a second factor. */
export interface PendingSession {
  readonly sessionId: string;
  readonly userId: string;
  readonly email: string;
  readonly methods: readonly Method[];
  readonly remember: boolean;
  readonly organizationId: string | null;
}

const known: readonly Method[] = ["password", "totp", "recovery_code", "passkey", "oidc", "trusted_header", "link"];

/**
 * The browser's session, if it waits for a second factor. It is locked until the transaction ends, so that one factor
 * opens one session.
 */
export async function findPendingSession(
  tx: Transaction,
  { runtime, sessionHash, local }: Pick<SignInContext, "runtime" | "sessionHash" | "local">,
): Promise<PendingSession | null> {
  if (sessionHash === null) return null;
  const [row] = await tx
    .select({
      sessionId: sessions.sessionId,
      userId: sessions.userId,
      email: users.email,
      methods: sessions.methods,
      remember: sessions.remember,
      organizationId: sessions.organizationId,
    })
    .from(sessions)
    .innerJoin(users, eq(users.userId, sessions.userId))
    .where(
      and(
        eq(sessions.hash, sessionHash),
        eq(sessions.stage, "second_factor"),
        eq(sessions.local, local),
        aheadInSql(sessions.expiresAt, runtime.clock.now()),
      ),
    )
    .for("update", { of: sessions });
  return row ? { ...row, methods: known.filter((method) => row.methods.includes(method)) } : null;
}
