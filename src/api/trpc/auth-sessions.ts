import { ListSessions, OwnSessions, RevokeAllSessions, RevokedSessions, SessionById } from "../../contracts/auth";
import { listSessions } from "../../services/auth/list-sessions";
import { revokeAllSessions } from "../../services/auth/revoke-all-sessions";
import { revokeSession } from "../../services/auth/revoke-session";
import { t } from "./init";
import { of } from "./of";
import { procedure } from "./procedure";

export const authSessions = t.router({
  list: procedure("account:read", of.person)
    .input(ListSessions)
    .output(OwnSessions)
    .query(({ ctx }) => listSessions(ctx.authorized)),
  revoke: procedure("account:update", of.ownSession)
    .input(SessionById)
    .output(SessionById)
    .mutation(({ ctx }) => revokeSession(ctx.authorized)),
  revokeAll: procedure("account:update", of.person)
    .input(RevokeAllSessions)
    .output(RevokedSessions)
    .mutation(({ ctx, input }) => revokeAllSessions(ctx.authorized, input)),
});
