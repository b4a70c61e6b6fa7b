import { eq } from "drizzle-orm";
import { passwords } from "#drizzle/persons";
import type { Authorized } from "#src/access/authorized";
import type { Person } from "#src/access/organization";
import { preparedUnitOfWork } from "#src/access/unit-of-work";
import { hashPassword, requireAcceptablePassword, unusablePassword } from "#src/identity/passwords";
import { requireProof, requireRecent } from "#src/identity/re-authentication";
import { renewToken } from "#src/identity/renew-token";
import { endSessionsOf } from "#src/identity/sessions";
import { storePassword } from "#src/identity/store-password";
import { operation } from "#src/operations/operation";
import { callerPerson } from "#src/operations/subject";
import { Refusal } from "#src/platform/errors/refusal";
import { ChangedPassword, ChangePassword } from "./contract";

type Own = Authorized<"account:update", Person>;

/**
 * Changes the caller's password. All other sessions end, and this session continues under a new token, so the former
 * password and copies of the cookie stop working.
 * @throws Refusal `weak_password` | `password_unchanged`
 * @throws Refusal `proof_required`, `wrong_password`, `recent_sign_in_required` | `rate_limited`
 */
export const changePassword = operation(
  {
    name: "auth.password.change",
    summary: "Change the caller's own password",
    permission: "account:update",
    on: callerPerson,
    input: ChangePassword,
    output: ChangedPassword,
    errors: ["password_unchanged", "proof_required", "recent_sign_in_required", "weak_password", "wrong_password"],
    rest: { method: "POST", path: "/account/password/change" },
  },
  async (authorized, input, { keepSession }) => {
    const { userId } = authorized.object;
    const { session, endedSessions } = await preparedUnitOfWork(
      authorized,
      (current) => prepare(current, input),
      async ({ tx, now, audit, authorized: { principal, request } }, hash) => {
        if (principal.kind !== "session") throw new Refusal("session_required");
        await storePassword(tx, userId, hash, now);
        const endedSessions = await endSessionsOf(tx, userId, principal.sessionId);
        const session = await renewToken(tx, principal.sessionId, { now, random: request.runtime.random });
        audit({ kind: "person", id: userId }, { endedSessions });
        return { session, endedSessions };
      },
      { role: "identity" },
    );
    return { csrfToken: await keepSession(session), endedSessions };
  },
);

/** Verifies the person, and hashes the new password. */
async function prepare(current: Own, { currentPassword: password, newPassword }: ChangePassword): Promise<string> {
  if (await hasPassword(current)) await requireProof(current, { password });
  else await requireRecent(current, { password });
  if (password === newPassword) {
    throw new Refusal("password_unchanged");
  }
  await requireAcceptablePassword(newPassword, current.object.email, "newPassword");
  return hashPassword(newPassword, { known: current.object.userId });
}

async function hasPassword({ object, request }: Own): Promise<boolean> {
  const [row] = await request.runtime.database.transaction("identity", null, (tx) =>
    tx.select({ hash: passwords.hash }).from(passwords).where(eq(passwords.userId, object.userId)),
  );
  return row !== undefined && row.hash !== unusablePassword;
}
