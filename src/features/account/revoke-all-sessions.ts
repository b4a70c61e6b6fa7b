import type { Authorized } from "../../access/authorized";
import { preparedUnitOfWork } from "../../access/unit-of-work";
import { takeManagement } from "../../identity/re-authentication";
import { endSessionsOf } from "../../identity/sessions";
import type { RevokeAllSessions, RevokedSessions } from "./contract";

/** Signs the caller out everywhere: every cookie of theirs, and every copy of one, is worth nothing from here on. @throws TooMany */
export async function revokeAllSessions(
  authorized: Authorized<"account:update", "person">,
  { keepThis }: RevokeAllSessions,
): Promise<RevokedSessions> {
  const { userId } = authorized.object;
  return preparedUnitOfWork(
    authorized,
    ({ request }) => takeManagement(request),
    async ({ tx, audit, authorized: { principal } }) => {
      const kept = keepThis && principal.kind === "session" ? principal.sessionId : null;
      const ended = await endSessionsOf(tx, userId, kept);
      audit("auth.sessions.revokeAll", { kind: "person", id: userId }, { ended });
      return { ended };
    },
    { role: "identity" },
  );
}
