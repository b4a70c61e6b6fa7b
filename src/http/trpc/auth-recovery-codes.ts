import { renewRecoveryCodes } from "../../features/account/recovery-codes/renew-recovery-codes";
import { NewRecoveryCodes, RenewRecoveryCodes } from "../../platform/contract/second-factors";
import { t } from "./init";
import { of } from "./of";
import { procedure } from "./procedure";

export const authRecoveryCodes = t.router({
  renew: procedure("account:update", of.person)
    .input(RenewRecoveryCodes)
    .output(NewRecoveryCodes)
    .mutation(({ ctx, input }) => renewRecoveryCodes(ctx.authorized, input)),
});
