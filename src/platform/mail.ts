/** One e-mail: plain text, to one address. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** Hands e-mail to a mail server. */
export interface Mailer {
  /** Resolves once the server has taken it. @throws MailFailed */
  send(mail: Mail): Promise<void>;
}

/** Why a mail server did not take one: it said no to this mail, or could not be talked to. */
export type MailProblem = "mail_refused" | "mail_unreachable";

export class MailFailed extends Error {
  override readonly name = "MailFailed";
  constructor(readonly problem: MailProblem) {
    super(problem);
  }
}
