import { eq } from "drizzle-orm";
import { sessions } from "#drizzle/persons";
import { preparedUnitOfWork } from "#src/access/unit-of-work";
import { takeManagement } from "#src/identity/re-authentication";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { SessionById } from "../contract";
import { ownSession } from "../resource";

/**
 * Ends one of the caller's own sessions. Its cookie is refused at the next request. @throws Refusal `not_found` |
 * `rate_limited`
 */
export const revokeSession = operation(
  {
    name: "auth.sessions.revoke",
    summary: "End one of the caller's own sessions",
    permission: "account:update",
    on: ownSession,
    input: SessionById,
    output: SessionById,
    errors: [],
    rest: { method: "DELETE", path: "/account/sessions/{sessionId}", status: 204 },
  },
  async (authorized) => {
    const { sessionId } = authorized.object;
    return preparedUnitOfWork(
      authorized,
      ({ request }) => takeManagement(request),
      async ({ tx, audit }) => {
        const ended = await tx.delete(sessions).where(eq(sessions.sessionId, sessionId)).returning({ ip: sessions.ip });
        if (ended.length === 0) throw new Refusal("not_found", authorized.named);
        audit({ kind: "session", id: sessionId });
        return { sessionId };
      },
      { role: "identity" },
    );
  },
);
