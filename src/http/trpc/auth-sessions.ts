import {
  ListSessions,
  OwnSessions,
  RevokeAllSessions,
  RevokedSessions,
  SessionById,
} from "../../features/account/contract";
import { listSessions } from "../../features/account/list-sessions";
import { revokeAllSessions } from "../../features/account/revoke-all-sessions";
import { revokeSession } from "../../features/account/revoke-session";
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
