import { eq } from "drizzle-orm";
import { users } from "#drizzle/members";
import { endSession } from "../sessions";
import type { SignInContext } from "../sign-in-context";
import { recordSignIn } from "./record-sign-in";

/** Ends the browser's session. Its cookie and all copies of it stop working. */
export async function signOut(attempt: SignInContext): Promise<void> {
  const { runtime, sessionHash } = attempt;
  if (sessionHash === null) return;
  await runtime.database.transaction("identity", null, async (tx) => {
    const ended = await endSession(tx, sessionHash);
    if (!ended) return;
    const [person] = await tx
      .select({ userId: users.userId, email: users.email })
      .from(users)
      .where(eq(users.userId, ended.userId));
    await recordSignIn(tx, attempt, {
      outcome: "done",
      action: "auth.signOut",
      person: person ?? null,
      sessionId: ended.sessionId,
      methods: [],
    });
  });
}
