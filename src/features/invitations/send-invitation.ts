import type { Authorized } from "../../access/authorized";
import type { Organization } from "../../access/organization";
import type { Principal } from "../../access/principal";
import { invitationDays } from "../../identity/invitations";
import { MailFailed } from "../../platform/mail";
import type { CreatedInvitation } from "./contract";
import { invitationMail } from "./invitation-mail";

/** Sends an invitation's link to its address, if a mail server is set, and says what came of it. */
export async function sendInvitation(
  { request: { runtime, requestId }, principal, organization }: Authorized<"invitation:create", Organization>,
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
