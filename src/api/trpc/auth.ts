import { Session, SessionInput } from "../../contracts/auth";
import { getSession } from "../../services/auth/get-session";
import { t } from "./init";
import { of } from "./of";
import { procedure } from "./procedure";

export const auth = t.router({
  session: procedure("session:read", of.caller)
    .input(SessionInput)
    .output(Session)
    .query(({ ctx }) => getSession(ctx.authorized)),
});
