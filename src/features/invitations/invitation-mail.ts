import type { Mail } from "../../platform/mail";

interface Invited {
  readonly email: string;
  /** What the organization is called: text of a tenant's. */
  readonly organization: string;
  /** Who invites: an e-mail address, or the name of a key. */
  readonly inviter: string | null;
  readonly url: string;
  readonly days: number;
}

/** The e-mail that asks somebody to become a member. Nothing in it was written by a tenant but the two names. */
export function invitationMail({ email, organization, inviter, url, days }: Invited): Mail {
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
      "If you did not expect this, do nothing.",
      "",
    ].join("\n"),
  };
}

/** A name ends neither a header nor a line, and cannot turn the direction of the text around it. */
function oneLine(name: string): string {
  return name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").trim();
}
