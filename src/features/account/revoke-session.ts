import { eq } from "drizzle-orm";
import { sessions } from "../../../drizzle/persons";
import type { Authorized } from "../../access/authorized";
import { preparedUnitOfWork } from "../../access/unit-of-work";
import { takeManagement } from "../../identity/re-authentication";
import { NotFound } from "../../platform/errors";
import type { SessionById } from "./contract";

/** Ends one of the caller's own sessions; its cookie is worth nothing at the next request. @throws NotFound | TooMany */
export async function revokeSession(authorized: Authorized<"account:update", "session">): Promise<SessionById> {
  const { sessionId } = authorized.object;
  return preparedUnitOfWork(
    authorized,
    ({ request }) => takeManagement(request),
    async ({ tx, audit }) => {
      const ended = await tx.delete(sessions).where(eq(sessions.sessionId, sessionId)).returning({ ip: sessions.ip });
      if (ended.length === 0) throw new NotFound();
      audit("auth.sessions.revoke", { kind: "session", id: sessionId });
      return { sessionId };
    },
    { role: "identity" },
  );
}
