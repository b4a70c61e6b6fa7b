import type { Authorized } from "#src/access/authorized";
import type { Principal } from "#src/access/principal";
import { invitationDays } from "#src/identity/invitations";
import { type Mail, MailFailed } from "#src/platform/mail";
import { oneLine } from "#src/platform/one-line";
import type { CreatedInvitation } from "./contract";

/** Sends an invitation's link to its address, if a mail server is configured, and returns the outcome. */
export async function sendInvitation(
  {
    request: { runtime, requestId },
    principal,
    organization,
  }: Pick<Authorized<"invitation:create", unknown>, "request" | "principal" | "organization">,
  { email, url }: Pick<CreatedInvitation, "email" | "url">,
): Promise<Pick<CreatedInvitation, "sent" | "mailProblem">> {
  if (runtime.mailer === null) return { sent: false, mailProblem: null };
  const inviter = nameOf(principal);
  try {
    await runtime.mailer.send(
      invitationMail({ email, organization: organization.name, inviter, url, days: invitationDays }),
    );
    return { sent: true, mailProblem: null };
  } catch (error) {
    if (!(error instanceof MailFailed)) throw error;
    runtime.log.warn({ requestId, problem: error.problem }, "an invitation could not be sent");
    return { sent: false, mailProblem: error.problem };
  }
}

function nameOf(principal: Principal): string | null {
  if (principal.kind === "session") return principal.email;
  return principal.kind === "apiKey" ? principal.name : null;
}

interface InvitationFields {
  readonly email: string;
  /** The organization's name: text that a tenant wrote. */
  readonly organization: string;
  /** The sender of the invitation: an e-mail address, or the name of a key. */
  readonly inviter: string | null;
  readonly url: string;
  readonly days: number;
}

/** The invitation's e-mail. The two names are the only text in it that a tenant wrote. */
export function invitationMail({ email, organization, inviter, url, days }: InvitationFields): Mail {
  const by = inviter === null ? "" : ` by ${oneLine(inviter)}`;
  return {
    to: email,
    subject: `Invitation to ${oneLine(organization)}`,
    text: [
      `You are invited${by} to become a member of the organization "${oneLine(organization)}".`,
      "",
      `Open this link to accept. It works once, for this e-mail address, within ${days} days:`,
      "",
      url,
      "",
      "If you did not expect this invitation, ignore this message.",
      "",
    ].join("\n"),
  };
}
