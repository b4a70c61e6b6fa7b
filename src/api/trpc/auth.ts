import { Session, SessionInput } from "../../contracts/auth";
import { SecondFactors, SecondFactorsInput } from "../../contracts/second-factors";
import { getSecondFactors } from "../../services/auth/get-second-factors";
import { getSession } from "../../services/auth/get-session";
import { authPasskeys } from "./auth-passkeys";
import { authRecoveryCodes } from "./auth-recovery-codes";
import { authTotp } from "./auth-totp";
import { t } from "./init";
import { of } from "./of";
import { procedure } from "./procedure";

export const auth = t.router({
  session: procedure("session:read", of.caller)
    .input(SessionInput)
    .output(Session)
    .query(({ ctx }) => getSession(ctx.authorized)),
  secondFactors: procedure("account:read", of.person)
    .input(SecondFactorsInput)
    .output(SecondFactors)
    .query(({ ctx }) => getSecondFactors(ctx.authorized)),
  totp: authTotp,
  recoveryCodes: authRecoveryCodes,
  passkeys: authPasskeys,
});
