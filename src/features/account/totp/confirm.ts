import { and, eq, isNull } from "drizzle-orm";
import { totpSecrets } from "#drizzle/persons";
import { preparedUnitOfWork } from "#src/access/unit-of-work";
import { takeManagement } from "#src/identity/re-authentication";
import { replaceRecoveryCodes } from "#src/identity/recovery-codes";
import { endSessionsWithoutFactor } from "#src/identity/sessions";
import { openTotpSecret, totpStepOf } from "#src/identity/totp";
import { operation } from "#src/operations/operation";
import { callerPerson } from "#src/operations/subject";
import { ConfirmTotp, NewRecoveryCodes } from "#src/platform/contract/second-factors";
import { Refusal } from "#src/platform/errors/refusal";
import { isRecent } from "#src/platform/moment";
import { recordFactorShown } from "../rows";

/** Seconds within which a secret has to be confirmed: its creation required a recent sign-in. */
const confirmableSeconds = 1_800;

/**
 * Activates an authenticator app by one of its codes, which is then spent. The response has ten new recovery codes.
 * Earlier codes stop working, and every other session that was opened with a password alone ends.
 * @throws Refusal `totp_not_started` there is nothing to confirm, or it was started more than half an hour ago
 * @throws Refusal `totp_code_wrong`
 */
export const confirmTotp = operation(
  {
    name: "auth.totp.confirm",
    summary: "Confirm an authenticator app with its first code",
    permission: "account:update",
    on: callerPerson,
    input: ConfirmTotp,
    output: NewRecoveryCodes,
    errors: ["totp_code_wrong", "totp_not_started"],
    rest: { method: "POST", path: "/account/totp/confirm" },
  },
  async (authorized, input) => {
    const { sealer, random } = authorized.request.runtime;
    const { userId } = authorized.object;
    return preparedUnitOfWork(
      authorized,
      ({ request }) => takeManagement(request),
      async ({ tx, now, audit, authorized: { principal } }) => {
        const [row] = await tx
          .select({ secretSealed: totpSecrets.secretSealed, createdAt: totpSecrets.createdAt })
          .from(totpSecrets)
          .where(and(eq(totpSecrets.userId, userId), isNull(totpSecrets.confirmedAt)));
        if (!row || !isRecent(row.createdAt, now, confirmableSeconds * 1_000)) throw new Refusal("totp_not_started");
        const step = totpStepOf(openTotpSecret(sealer, userId, row.secretSealed), input.code, now);
        if (step === null) {
          throw new Refusal("totp_code_wrong");
        }
        await tx.update(totpSecrets).set({ confirmedAt: now, lastStep: step }).where(eq(totpSecrets.userId, userId));
        const recoveryCodes = await replaceRecoveryCodes(tx, random, userId, now);
        await recordFactorShown(tx, principal, "totp");
        const kept = principal.kind === "session" ? principal.sessionId : null;
        const endedSessions = await endSessionsWithoutFactor(tx, userId, kept);
        const changed = { recoveryCodes: recoveryCodes.length, endedSessions };
        audit({ kind: "person", id: userId }, changed);
        return { recoveryCodes };
      },
      { role: "identity" },
    );
  },
);
