import { confirmTotp } from "../../features/account/totp/confirm-totp";
import { enrolTotp } from "../../features/account/totp/enrol-totp";
import { removeTotp } from "../../features/account/totp/remove-totp";
import {
  ConfirmTotp,
  EnrolledTotp,
  EnrolTotp,
  NewRecoveryCodes,
  RemoveTotp,
  SecondFactors,
} from "../../platform/contract/second-factors";
import { t } from "./init";
import { of } from "./of";
import { procedure } from "./procedure";

export const authTotp = t.router({
  enrol: procedure("account:update", of.person)
    .input(EnrolTotp)
    .output(EnrolledTotp)
    .mutation(({ ctx, input }) => enrolTotp(ctx.authorized, input)),
  confirm: procedure("account:update", of.person)
    .input(ConfirmTotp)
    .output(NewRecoveryCodes)
    .mutation(({ ctx, input }) => confirmTotp(ctx.authorized, input)),
  remove: procedure("account:update", of.person)
    .input(RemoveTotp)
    .output(SecondFactors)
    .mutation(({ ctx, input }) => removeTotp(ctx.authorized, input)),
});
