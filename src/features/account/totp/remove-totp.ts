import { eq } from "drizzle-orm";
import { totpSecrets } from "../../../../drizzle/persons";
import type { Authorized } from "../../../access/authorized";
import { preparedUnitOfWork } from "../../../access/unit-of-work";
import { requireProof } from "../../../identity/re-authentication";
import { dropIdleRecoveryCodes, secondFactorsOf } from "../../../identity/second-factors";
import type { RemoveTotp, SecondFactors } from "../../../platform/contract/second-factors";
import { Conflict } from "../../../platform/errors";

/**
 * Removes the authenticator app, against a code, a recovery code or the password. Where the organization requires a
 * second factor and this was the last one, its sessions can only enrol another from here on.
 * @returns what is left
 * @throws Conflict `totp_not_enrolled`
 * @throws Forbidden see `requireProof`
 */
export async function removeTotp(
  authorized: Authorized<"account:update", "person">,
  input: RemoveTotp,
): Promise<SecondFactors> {
  const { userId } = authorized.object;
  return preparedUnitOfWork(
    authorized,
    (asking) => requireProof(asking, input),
    async ({ tx, audit }) => {
      const removed = await tx
        .delete(totpSecrets)
        .where(eq(totpSecrets.userId, userId))
        .returning({ userId: totpSecrets.userId });
      if (removed.length === 0) throw new Conflict("totp_not_enrolled", "No authenticator app is enrolled.");
      await dropIdleRecoveryCodes(tx, userId);
      audit("auth.totp.remove", { kind: "person", id: userId });
      return secondFactorsOf(tx, userId);
    },
    { role: "identity" },
  );
}
