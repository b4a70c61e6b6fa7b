import { and, desc, eq, sql } from "drizzle-orm";
import { sessions } from "#drizzle/persons";
import { aheadInSql } from "#src/database/moments-in-sql";
import { requireFullSession } from "#src/identity/re-authentication";
import { operation } from "#src/operations/operation";
import { callerPerson } from "#src/operations/subject";
import { ListSessions, OwnSessions } from "../contract";

const most = 200;

/**
 * The browsers in which the caller is signed in now.
 * @throws Refusal `second_factor_required`
 */
export const listSessions = operation(
  {
    name: "auth.sessions.list",
    summary: "List the caller's own sessions",
    permission: "account:read",
    on: callerPerson,
    input: ListSessions,
    output: OwnSessions,
    errors: [],
    rest: { method: "GET", path: "/account/sessions" },
  },
  async (authorized) => {
    requireFullSession(authorized);
    const { object, principal, request } = authorized;
    const { database, clock } = request.runtime;
    const now = clock.now();
    const idleEnd = sql`(${sessions.lastSeenAt} + make_interval(secs => ${sessions.idleSeconds}))`;
    const rows = await database.transaction("identity", null, (tx) =>
      tx
        .select()
        .from(sessions)
        .where(and(eq(sessions.userId, object.userId), aheadInSql(sessions.expiresAt, now), aheadInSql(idleEnd, now)))
        .orderBy(desc(sessions.lastSeenAt), desc(sessions.sessionId))
        .limit(most),
    );
    return {
      items: rows.map(({ sessionId, createdAt, lastSeenAt, expiresAt, ip, userAgent, methods, stage }) => ({
        sessionId,
        current: principal.kind === "session" && principal.sessionId === sessionId,
        createdAt: createdAt.toISOString(),
        lastSeenAt: lastSeenAt.toISOString(),
        expiresAt: expiresAt.toISOString(),
        ip,
        userAgent,
        methods,
        pending: stage === "second_factor",
      })),
    };
  },
);
