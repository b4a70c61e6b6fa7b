import { eq } from "drizzle-orm";
import { users } from "../../../drizzle/members";
import { passwords, totpSecrets } from "../../../drizzle/persons";
import { Unauthenticated } from "../../core/errors";
import type { Runtime } from "../../persistence/runtime";
import type { Attempt } from "../attempt";
import { limits, take } from "../limits";
import { verifyPassword } from "../passwords";
import { openSession } from "../sessions";
import type { Fields, SignInMethod } from "./method";
import { recordSignIn } from "./record-sign-in";

/** E-mail address and password. With a second factor enrolled, the session only lets one show it. */
export const passwordSignIn: SignInMethod = {
  id: "password",
  async signIn(attempt: Attempt, fields: Fields) {
    const { runtime, ip } = attempt;
    await take(runtime, limits.signInByAddress, ip ?? "unknown");
    const email = (fields.email ?? "").trim().toLowerCase();
    const password = fields.password ?? "";
    const account = await findAccount(runtime, email);
    const good = await verifyPassword(password, account?.hash ?? null);
    return runtime.database
      .transaction("identity", null, async (tx) => {
        if (!account || !good) {
          const reason = account ? "wrong_password" : "unknown_account";
          await recordSignIn(tx, attempt, {
            outcome: "refused",
            action: "auth.signIn",
            reason,
            person: account,
            methods: [],
          });
          return null;
        }
        const stage = account.hasSecondFactor ? "second_factor" : "full";
        const methods = ["password"] as const;
        const session = await openSession(tx, attempt, {
          userId: account.userId,
          stage,
          methods,
          remember: fields.remember === "true",
        });
        await recordSignIn(tx, attempt, {
          outcome: "done",
          action: stage === "full" ? "auth.signIn" : "auth.firstFactor",
          person: account,
          sessionId: session.sessionId,
          methods,
        });
        return session;
      })
      .then((session) => {
        if (session === null)
          throw new Unauthenticated("sign_in_refused", "This e-mail address and password do not fit.");
        return session;
      });
  },
};

async function findAccount({ database }: Runtime, email: string) {
  return database.transaction("identity", null, async (tx) => {
    const [row] = await tx
      .select({
        userId: users.userId,
        email: users.email,
        hash: passwords.hash,
        confirmedAt: totpSecrets.confirmedAt,
      })
      .from(users)
      .innerJoin(passwords, eq(passwords.userId, users.userId))
      .leftJoin(totpSecrets, eq(totpSecrets.userId, users.userId))
      .where(eq(users.email, email));
    if (!row) return null;
    const { confirmedAt, ...account } = row;
    return { ...account, hasSecondFactor: confirmedAt !== null };
  });
}
