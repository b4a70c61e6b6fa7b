import { acceptInvitation } from "../../features/invitations/accept";
import {
  AcceptedInvitation,
  CreatedInvitation,
  CreateInvitation,
  Invitation,
  InvitationById,
  InvitationPage,
  InvitationToken,
  ListInvitations,
  LookedAtInvitation,
} from "../../features/invitations/contract";
import { createInvitation } from "../../features/invitations/create";
import { revokeInvitation } from "../../features/invitations/delete";
import { listInvitations } from "../../features/invitations/list";
import { lookAtInvitation } from "../../features/invitations/look";
import { t } from "./init";
import { of } from "./of";
import { procedure } from "./procedure";
import { publicProcedure } from "./public-procedure";

export const invitations = t.router({
  create: procedure("invitation:create", of.caller)
    .input(CreateInvitation)
    .output(CreatedInvitation)
    .mutation(({ ctx, input }) => createInvitation(ctx.authorized, input)),
  list: procedure("invitation:read", of.caller)
    .input(ListInvitations)
    .output(InvitationPage)
    .query(({ ctx, input }) => listInvitations(ctx.authorized, input)),
  delete: procedure("invitation:delete", of.invitation)
    .input(InvitationById)
    .output(Invitation)
    .mutation(({ ctx }) => revokeInvitation(ctx.authorized)),
  /** It changes nothing, but the token belongs in a body and never in an address. */
  look: publicProcedure
    .input(InvitationToken)
    .output(LookedAtInvitation)
    .mutation(({ ctx, input }) => lookAtInvitation(ctx.visitor, input)),
  accept: procedure("account:update", of.person)
    .input(InvitationToken)
    .output(AcceptedInvitation)
    .mutation(({ ctx, input }) => acceptInvitation(ctx.authorized, input)),
});
