/** One e-mail: plain text, to one address. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** Sends e-mail through a mail server. */
export interface Mailer {
  /** Resolves after the server has accepted the mail. @throws MailFailed */
  send(mail: Mail): Promise<void>;
}

/** Why a mail was not sent: the server rejected it, or the server was unreachable. */
export type MailProblem = "mail_refused" | "mail_unreachable";

export class MailFailed extends Error {
  override readonly name = "MailFailed";
  constructor(readonly problem: MailProblem) {
    super(problem);
  }
}
