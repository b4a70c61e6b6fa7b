import { and, eq, sql } from "drizzle-orm";
import { sessions } from "../../../drizzle/persons";
import type { Principal } from "../../access/principal";
import type { Transaction } from "../../database/database";

/** Notes that the session's person has shown one more factor: whoever enrols one has just used it. */
export async function noteShown(tx: Transaction, principal: Principal, method: "totp" | "passkey"): Promise<void> {
  if (principal.kind !== "session" || principal.methods.includes(method)) return;
  await tx
    .update(sessions)
    .set({ methods: sql`array_append(${sessions.methods}, ${method}::text)` })
    .where(and(eq(sessions.sessionId, principal.sessionId), eq(sessions.stage, "full")));
}
