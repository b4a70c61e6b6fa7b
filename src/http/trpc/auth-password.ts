import { changePassword } from "../../features/account/change-password";
import { ChangedPassword, ChangePassword } from "../../features/account/contract";
import { hashOfToken } from "../../identity/tokens";
import { csrfTokenOf } from "../sign-in/cookies";
import { setSessionCookies } from "../sign-in/session-cookies";
import { t } from "./init";
import { of } from "./of";
import { procedure } from "./procedure";

export const authPassword = t.router({
  change: procedure("account:update", of.person)
    .input(ChangePassword)
    .output(ChangedPassword)
    .mutation(async ({ ctx, input }) => {
      const { runtime, arrival, answerHeaders } = ctx;
      const { session, endedSessions } = await changePassword(ctx.authorized, input);
      // A change by a session was sent to one of our origins: `procedure` has seen to that.
      const origin = arrival.kind === "unknown" ? runtime.signIn.publicOrigin : arrival.origin;
      await setSessionCookies(answerHeaders, { runtime, origin }, session);
      return { csrfToken: csrfTokenOf(runtime, hashOfToken(session.token)), endedSessions };
    }),
});
