import { NewRecoveryCodes, RenewRecoveryCodes } from "../../contracts/second-factors";
import { renewRecoveryCodes } from "../../services/auth/recovery-codes/renew-recovery-codes";
import { t } from "./init";
import { of } from "./of";
import { procedure } from "./procedure";

export const authRecoveryCodes = t.router({
  renew: procedure("account:update", of.person)
    .input(RenewRecoveryCodes)
    .output(NewRecoveryCodes)
    .mutation(({ ctx, input }) => renewRecoveryCodes(ctx.authorized, input)),
});
