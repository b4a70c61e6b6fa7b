import { preparedUnitOfWork } from "#src/access/unit-of-work";
import { takeManagement } from "#src/identity/re-authentication";
import { endSessionsOf } from "#src/identity/sessions";
import { operation } from "#src/operations/operation";
import { callerPerson } from "#src/operations/subject";
import { RevokeAllSessions, RevokedSessions } from "../contract";

/**
 * Signs the caller out everywhere: all of their cookies, and all copies of them, stop working. @throws Refusal
 * `rate_limited`
 */
export const revokeAllSessions = operation(
  {
    name: "auth.sessions.revokeAll",
    summary: "End all sessions of the caller, including this one unless keepThis is true",
    permission: "account:update",
    on: callerPerson,
    input: RevokeAllSessions,
    output: RevokedSessions,
    errors: [],
    rest: { method: "POST", path: "/account/sessions/revoke-all" },
  },
  async (authorized, { keepThis }) => {
    const { userId } = authorized.object;
    return preparedUnitOfWork(
      authorized,
      ({ request }) => takeManagement(request),
      async ({ tx, audit, authorized: { principal } }) => {
        const kept = keepThis && principal.kind === "session" ? principal.sessionId : null;
        const ended = await endSessionsOf(tx, userId, kept);
        audit({ kind: "person", id: userId }, { ended });
        return { ended };
      },
      { role: "identity" },
    );
  },
);
