import { z } from "zod";
import { IdInput, Moment, pageFields, pageOf, Secret } from "#src/platform/contract/fields";
import { BuiltInRole } from "../roles/contract";

const Email = z
  .email()
  .max(254)
  .transform((email) => email.toLowerCase());

/** The role that the invited person gets: a built-in role, or a custom role. */
export const CreateInvitation = z
  .strictObject({ email: Email, role: BuiltInRole.optional(), roleId: IdInput.optional() })
  .refine(({ role, roleId }) => (role === undefined) !== (roleId === undefined), { error: "either_role_or_role_id" });
export type CreateInvitation = z.infer<typeof CreateInvitation>;

export const InvitationById = z.strictObject({ invitationId: IdInput });

export const ListInvitations = z.strictObject(pageFields).prefault({});
export type ListInvitations = z.infer<typeof ListInvitations>;

export const Invitation = z.object({
  invitationId: z.string(),
  email: z.string(),
  role: BuiltInRole.nullable(),
  roleId: z.string().nullable(),
  /** Only an open invitation can be accepted. */
  state: z.enum(["open", "accepted", "revoked", "expired"]),
  /** A person's or a service account's id; null for the host's command line. */
  invitedBy: z.string().nullable(),
  createdAt: Moment,
  expiresAt: Moment,
});
export type Invitation = z.infer<typeof Invitation>;

export const InvitationPage = pageOf(Invitation);

export const CreatedInvitation = Invitation.extend({
  /** The link for the invited person; only this response contains it. */
  url: Secret,
  /** Whether a mail server accepted the message to the invited address. */
  sent: z.boolean(),
  /** Why the message was not sent; null if it was sent, or if no mail server is configured. */
  mailProblem: z.enum(["mail_refused", "mail_unreachable"]).nullable(),
});
export type CreatedInvitation = z.infer<typeof CreatedInvitation>;

/** The text after `#` in the link. */
export const InvitationToken = z.strictObject({ token: z.string().max(200) });
export type InvitationToken = z.infer<typeof InvitationToken>;

/** What an invitation shows to the holder of its link. It does not reveal whether an account exists already. */
export const LookedAtInvitation = z.object({
  state: z.enum(["good", "unknown", "accepted", "revoked", "expired", "void"]),
  /** Null for an unknown invitation. */
  organization: z.object({ name: z.string() }).nullable(),
  /** The invited address; set for a valid invitation only. */
  email: z.string().nullable(),
});
export type LookedAtInvitation = z.infer<typeof LookedAtInvitation>;

export const AcceptedInvitation = z.object({ organizationId: z.string(), name: z.string(), memberId: z.string() });
export type AcceptedInvitation = z.infer<typeof AcceptedInvitation>;
