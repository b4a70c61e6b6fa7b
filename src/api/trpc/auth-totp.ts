import {
  ConfirmTotp,
  EnrolledTotp,
  EnrolTotp,
  NewRecoveryCodes,
  RemoveTotp,
  SecondFactors,
} from "../../contracts/second-factors";
import { confirmTotp } from "../../services/auth/totp/confirm-totp";
import { enrolTotp } from "../../services/auth/totp/enrol-totp";
import { removeTotp } from "../../services/auth/totp/remove-totp";
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
