import { and, arrayOverlaps, eq, ne, not } from "drizzle-orm";
import { members } from "#drizzle/members";
import { sessions } from "#drizzle/persons";
import type { Transaction } from "../database/database";
import { newId } from "../platform/ids";
import { later } from "../platform/moment";
import type { SignInContext } from "./sign-in-context";
import { newToken } from "./tokens";

/** How a person authenticated. */
export type Method = "password" | "totp" | "recovery_code" | "passkey" | "oidc" | "trusted_header" | "link";

export interface NewSession {
  readonly userId: string;
  /** `second_factor` while the session still has to present one. */
  readonly stage: "second_factor" | "full";
  readonly methods: readonly Method[];
  readonly remember: boolean;
  /** The organization that the session is about; null for the one that the person joined first. */
  readonly organizationId?: string | null;
  /**
   * The provider that identified the person. If it belongs to an organization, the session is valid for that
   * organization only.
   */
  readonly provider?: { readonly providerId: string; readonly organizationId: string | null };
}

export interface OpenedSession {
  readonly sessionId: string;
  /** For the cookie only; never stored or logged. */
  readonly token: string;
  readonly userId: string;
  /** Seconds until it ends, whether or not it is used. */
  readonly maxAge: number;
}

/** Ten minutes to present a second factor. */
const secondFactorSeconds = 600;

const maxUserAgentLength = 300;

/**
 * Opens a session under a new token. The browser's earlier session ends, so that a token from before the sign-in stops
 * working.
 */
export async function openSession(tx: Transaction, attempt: SignInContext, wanted: NewSession): Promise<OpenedSession> {
  const { runtime, ip, local, userAgent, sessionHash } = attempt;
  const { lifetimes } = runtime.signIn;
  const now = runtime.clock.now();
  const { token, hash } = newToken(runtime.random);
  const sessionId = newId("session");
  const lifetime = wanted.remember ? lifetimes.remembered : lifetimes.session;
  const maxAge = wanted.stage === "full" ? lifetime : secondFactorSeconds;
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
    userAgent: userAgent?.slice(0, maxUserAgentLength) ?? null,
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

/** Ends the session of a cookie. The cookie stops working. Returns the person of the session. */
export async function endSession(tx: Transaction, hash: string): Promise<{ sessionId: string; userId: string } | null> {
  const [row] = await tx
    .delete(sessions)
    .where(eq(sessions.hash, hash))
    .returning({ sessionId: sessions.sessionId, userId: sessions.userId });
  return row ?? null;
}

/** Ends every session of a person, except one. Returns the number of ended sessions. */
export async function endSessionsOf(tx: Transaction, userId: string, exceptId: string | null = null): Promise<number> {
  const ended = await tx
    .delete(sessions)
    .where(and(eq(sessions.userId, userId), exceptId === null ? undefined : ne(sessions.sessionId, exceptId)))
    .returning({ sessionId: sessions.sessionId });
  return ended.length;
}

/**
 * Ends the sessions that a person opened with a password alone, except one. With a second factor, they would have
 * required it. A person who only knew the password cannot continue. Returns the number of ended sessions.
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
