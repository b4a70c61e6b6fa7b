import { and, arrayOverlaps, eq, ne, not } from "drizzle-orm";
import { members } from "../../drizzle/members";
import { sessions } from "../../drizzle/persons";
import type { Transaction } from "../database/database";
import { newId } from "../platform/ids";
import { later } from "../platform/moment";
import type { Attempt } from "./sign-in-context";
import { newToken } from "./tokens";

/** How somebody showed who they are. */
export type Method = "password" | "totp" | "recovery_code" | "passkey" | "oidc" | "trusted_header" | "link";

export interface NewSession {
  readonly userId: string;
  /** `second_factor` while one is still to be shown. */
  readonly stage: "second_factor" | "full";
  readonly methods: readonly Method[];
  readonly remember: boolean;
  /** Which organization it is about; null for the one that the person joined first. */
  readonly organizationId?: string | null;
  /** The provider that said who it is; with an organization of its own, the session is good for that one alone. */
  readonly provider?: { readonly providerId: string; readonly organizationId: string | null };
}

export interface OpenedSession {
  readonly sessionId: string;
  /** For the cookie, and nowhere else. */
  readonly token: string;
  readonly userId: string;
  /** Seconds until it ends, whatever is done with it. */
  readonly maxAge: number;
}

/** Ten minutes to show a second factor. */
const secondFactorSeconds = 600;

const longestUserAgent = 300;

/**
 * Opens a session under a token of its own. One that the browser had before ends, so that nobody goes on with a token
 * from before the sign-in.
 */
export async function openSession(tx: Transaction, attempt: Attempt, wanted: NewSession): Promise<OpenedSession> {
  const { runtime, ip, local, userAgent, sessionHash } = attempt;
  const { lifetimes } = runtime.signIn;
  const now = runtime.clock.now();
  const { token, hash } = newToken(runtime.random);
  const sessionId = newId("session");
  const lasts = wanted.remember ? lifetimes.remembered : lifetimes.session;
  const maxAge = wanted.stage === "full" ? lasts : secondFactorSeconds;
  if (sessionHash !== null) await tx.delete(sessions).where(eq(sessions.hash, sessionHash));
  const { userId, stage, methods, remember } = wanted;
  await tx.insert(sessions).values({
    sessionId,
    hash,
    userId,
    stage,
    methods: [...methods],
    remember,
    local,
    organizationId: wanted.organizationId ?? (await firstOrganization(tx, userId)),
    boundTo: wanted.provider?.organizationId ?? null,
    providerId: wanted.provider?.providerId ?? null,
    createdAt: now,
    lastSeenAt: now,
    expiresAt: later(now, maxAge * 1_000),
    idleSeconds: remember ? lifetimes.idleRemembered : lifetimes.idle,
    ip,
    userAgent: userAgent?.slice(0, longestUserAgent) ?? null,
  });
  return { sessionId, token, userId, maxAge };
}

/** The one that a person joined first. */
export async function firstOrganization(tx: Transaction, userId: string): Promise<string | null> {
  const [row] = await tx
    .select({ organizationId: members.organizationId })
    .from(members)
    .where(eq(members.userId, userId))
    .orderBy(members.createdAt, members.organizationId)
    .limit(1);
  return row?.organizationId ?? null;
}

/** Ends the session of a cookie: the cookie is worth nothing from here on. Returns whose it was. */
export async function endSession(tx: Transaction, hash: string): Promise<{ sessionId: string; userId: string } | null> {
  const [row] = await tx
    .delete(sessions)
    .where(eq(sessions.hash, hash))
    .returning({ sessionId: sessions.sessionId, userId: sessions.userId });
  return row ?? null;
}

/** Ends every session of a person, but for one. Returns how many. */
export async function endSessionsOf(tx: Transaction, userId: string, exceptId: string | null = null): Promise<number> {
  const ended = await tx
    .delete(sessions)
    .where(and(eq(sessions.userId, userId), exceptId === null ? undefined : ne(sessions.sessionId, exceptId)))
    .returning({ sessionId: sessions.sessionId });
  return ended.length;
}

/**
 * Ends what a person opened with no more than a password, but for one session: had there been a second factor then, it
 * would have been asked for. Whoever knew the password does not go on beside it. Returns how many.
 */
export async function endSessionsWithoutFactor(
  tx: Transaction,
  userId: string,
  exceptId: string | null,
): Promise<number> {
  const ended = await tx
    .delete(sessions)
    .where(
      and(
        eq(sessions.userId, userId),
        exceptId === null ? undefined : ne(sessions.sessionId, exceptId),
        eq(sessions.stage, "full"),
        arrayOverlaps(sessions.methods, ["password", "link"] satisfies Method[]),
        not(arrayOverlaps(sessions.methods, ["totp", "recovery_code", "passkey"] satisfies Method[])),
      ),
    )
    .returning({ sessionId: sessions.sessionId });
  return ended.length;
}
