import { toString as qrCodeOf } from "qrcode";
import { totpSecrets } from "#drizzle/persons";
import { preparedUnitOfWork } from "#src/access/unit-of-work";
import { requireRecent } from "#src/identity/re-authentication";
import { secondFactorsOf } from "#src/identity/second-factors";
import { newTotpSecret, totpSealContext, totpUrl } from "#src/identity/totp";
import { operation } from "#src/operations/operation";
import { callerPerson } from "#src/operations/subject";
import { EnrolledTotp, EnrolTotp } from "#src/platform/contract/second-factors";
import { Refusal } from "#src/platform/errors/refusal";

/**
 * Creates a secret for an authenticator app. It counts as a factor once one of its codes was confirmed. An unconfirmed
 * secret is replaced.
 * @throws Refusal `totp_enrolled` remove the present one first
 * @throws Refusal see `requireRecent`
 */
export const enrolTotp = operation(
  {
    name: "auth.totp.enrol",
    summary: "Start the enrolment of an authenticator app",
    permission: "account:update",
    on: callerPerson,
    input: EnrolTotp,
    output: EnrolledTotp,
    errors: ["recent_sign_in_required", "totp_enrolled", "wrong_code", "wrong_password"],
    rest: { method: "POST", path: "/account/totp/enrol" },
  },
  async (authorized, input) => {
    const { random, sealer, signIn } = authorized.request.runtime;
    const { userId, email } = authorized.object;
    const secret = newTotpSecret(random);
    await preparedUnitOfWork(
      authorized,
      (current) => requireRecent(current, input),
      async ({ tx, now, audit }) => {
        if ((await secondFactorsOf(tx, userId)).totp) {
          throw new Refusal("totp_enrolled");
        }
        const row = { secretSealed: sealer.seal(totpSealContext(userId), secret), createdAt: now, lastStep: null };
        await tx
          .insert(totpSecrets)
          .values({ userId, ...row })
          .onConflictDoUpdate({ target: totpSecrets.userId, set: row });
        audit({ kind: "person", id: userId });
      },
      { role: "identity" },
    );
    const url = totpUrl(secret, `Portcullis (${new URL(signIn.publicOrigin).hostname})`, email);
    const svg = await qrCodeOf(url, { type: "svg", errorCorrectionLevel: "M" });
    return { secret, url, qrCode: `data:image/svg+xml;base64,${Buffer.from(svg, "utf8").toString("base64")}` };
  },
);
