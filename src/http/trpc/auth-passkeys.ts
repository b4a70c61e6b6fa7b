import { challengePasskey } from "../../features/account/passkeys/challenge-passkey";
import { enrolPasskey } from "../../features/account/passkeys/enrol-passkey";
import { listPasskeys } from "../../features/account/passkeys/list-passkeys";
import { passkeyEnrolOptions } from "../../features/account/passkeys/passkey-enrol-options";
import { removePasskey } from "../../features/account/passkeys/remove-passkey";
import { renamePasskey } from "../../features/account/passkeys/rename-passkey";
import {
  EnrolledPasskey,
  EnrolPasskey,
  ListPasskeys,
  Passkey,
  PasskeyById,
  PasskeyChallenge,
  PasskeyChallengeInput,
  PasskeyEnrolOptions,
  PasskeyEnrolOptionsInput,
  PasskeyList,
  RemovePasskey,
  RenamePasskey,
} from "../../platform/contract/second-factors";
import type { Context } from "./context";
import { t } from "./init";
import { of } from "./of";
import { procedure } from "./procedure";
import { publicProcedure } from "./public-procedure";

/** A change by a session was sent to one of our origins: `procedure` has seen to that. */
function originOf({ arrival, runtime }: Context): string {
  return arrival.kind === "unknown" ? runtime.signIn.publicOrigin : arrival.origin;
}

export const authPasskeys = t.router({
  challenge: publicProcedure
    .input(PasskeyChallengeInput)
    .output(PasskeyChallenge)
    .mutation(({ ctx, input }) => challengePasskey(ctx.visitor, input)),
  enrolOptions: procedure("account:update", of.person)
    .input(PasskeyEnrolOptionsInput)
    .output(PasskeyEnrolOptions)
    .mutation(({ ctx, input }) => passkeyEnrolOptions(ctx.authorized, input, originOf(ctx))),
  enrol: procedure("account:update", of.person)
    .input(EnrolPasskey)
    .output(EnrolledPasskey)
    .mutation(({ ctx, input }) => enrolPasskey(ctx.authorized, input, originOf(ctx))),
  list: procedure("account:read", of.person)
    .input(ListPasskeys)
    .output(PasskeyList)
    .query(({ ctx }) => listPasskeys(ctx.authorized)),
  rename: procedure("account:update", of.ownPasskey)
    .input(RenamePasskey)
    .output(Passkey)
    .mutation(({ ctx, input }) => renamePasskey(ctx.authorized, input)),
  remove: procedure("account:update", of.ownPasskey)
    .input(RemovePasskey)
    .output(PasskeyById)
    .mutation(({ ctx, input }) => removePasskey(ctx.authorized, input)),
});
