import {
  ActiveOrganization,
  Link,
  LookAtLink,
  Session,
  SessionInput,
  SetActiveOrganization,
} from "../../features/account/contract";
import { getSecondFactors } from "../../features/account/get-second-factors";
import { getSession } from "../../features/account/get-session";
import { lookAtLink } from "../../features/account/look-at-link";
import { setActiveOrganization } from "../../features/account/set-active-organization";
import { ListSignInButtons, SignInButtons } from "../../features/providers/contract";
import { listButtons } from "../../features/providers/list-buttons";
import { SecondFactors, SecondFactorsInput } from "../../platform/contract/second-factors";
import { authPasskeys } from "./auth-passkeys";
import { authPassword } from "./auth-password";
import { authRecoveryCodes } from "./auth-recovery-codes";
import { authSessions } from "./auth-sessions";
import { authTotp } from "./auth-totp";
import { t } from "./init";
import { of } from "./of";
import { procedure } from "./procedure";
import { publicProcedure, publicQuery } from "./public-procedure";

export const auth = t.router({
  session: procedure("session:read", of.caller)
    .input(SessionInput)
    .output(Session)
    .query(({ ctx }) => getSession(ctx.authorized)),
  secondFactors: procedure("account:read", of.person)
    .input(SecondFactorsInput)
    .output(SecondFactors)
    .query(({ ctx }) => getSecondFactors(ctx.authorized)),
  /** A mutation, so that the token stands in no address. */
  link: publicProcedure
    .input(LookAtLink)
    .output(Link)
    .mutation(({ ctx, input }) => lookAtLink(ctx.visitor, input)),
  setActiveOrganization: procedure("account:update", of.person)
    .input(SetActiveOrganization)
    .output(ActiveOrganization)
    .mutation(({ ctx, input }) => setActiveOrganization(ctx.authorized, input)),
  providers: publicQuery
    .input(ListSignInButtons)
    .output(SignInButtons)
    .query(({ ctx, input }) => listButtons(ctx.runtime, input)),
  sessions: authSessions,
  password: authPassword,
  totp: authTotp,
  recoveryCodes: authRecoveryCodes,
  passkeys: authPasskeys,
});
