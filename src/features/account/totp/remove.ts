import { eq } from "drizzle-orm";
import { totpSecrets } from "#drizzle/persons";
import { preparedUnitOfWork } from "#src/access/unit-of-work";
import { requireProof } from "#src/identity/re-authentication";
import { dropIdleRecoveryCodes, secondFactorsOf } from "#src/identity/second-factors";
import { operation } from "#src/operations/operation";
import { callerPerson } from "#src/operations/subject";
import { RemoveTotp, SecondFactors } from "#src/platform/contract/second-factors";
import { Refusal } from "#src/platform/errors/refusal";

/**
 * Removes the authenticator app. It requires a code, a recovery code or the password. If the organization requires a
 * second factor and this was the last one, the person's sessions can only enrol another one from then on.
 * @returns the factors that are left
 * @throws Refusal `totp_not_enrolled`
 * @throws Refusal see `requireProof`
 */
export const removeTotp = operation(
  {
    name: "auth.totp.remove",
    summary: "Remove the authenticator app",
    permission: "account:update",
    on: callerPerson,
    input: RemoveTotp,
    output: SecondFactors,
    errors: ["proof_required", "totp_not_enrolled", "wrong_code", "wrong_password"],
    rest: { method: "POST", path: "/account/totp/remove" },
  },
  async (authorized, input) => {
    const { userId } = authorized.object;
    return preparedUnitOfWork(
      authorized,
      (current) => requireProof(current, input),
      async ({ tx, audit }) => {
        const removed = await tx
          .delete(totpSecrets)
          .where(eq(totpSecrets.userId, userId))
          .returning({ userId: totpSecrets.userId });
        if (removed.length === 0) throw new Refusal("totp_not_enrolled");
        await dropIdleRecoveryCodes(tx, userId);
        audit({ kind: "person", id: userId });
        return secondFactorsOf(tx, userId);
      },
      { role: "identity" },
    );
  },
);
