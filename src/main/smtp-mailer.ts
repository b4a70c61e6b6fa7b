import { createTransport } from "nodemailer";
import { within } from "../platform/deadline";
import { type Mailer, MailFailed } from "../platform/mail";
import { isAmong } from "../platform/net/addresses";
import type { Settings } from "./settings/environment";

/** Timeouts in milliseconds. They are short because the person who sends an invitation waits for the mail server. */
const patience = {
  dnsTimeout: 3_000,
  connectionTimeout: 5_000,
  greetingTimeout: 5_000,
  socketTimeout: 10_000,
} as const;

/**
 * The timeout for a whole mail in milliseconds. It also ends a connection to a server that keeps sending small
 * responses.
 */
const mostMs = 20_000;

/** The default sender: an address at the public host of the control plane. */
const senderAt = (host: string) => `portcullis@${host}`;

const loopback = ["127.0.0.0/8", "::1"];

/**
 * Creates the mailer for the server of PORTCULLIS_SMTP_URL; null without that setting. `smtps:` uses TLS from the
 * start. `smtp:` requires STARTTLS, except for a server on this host or with `?tls=off`.
 * @param host the host of the public address
 */
export function makeMailer({ smtpUrl, mailFrom }: Pick<Settings, "smtpUrl" | "mailFrom">, host: string): Mailer | null {
  if (smtpUrl === null) return null;
  const server = new URL(smtpUrl);
  const hostname = server.hostname.replace(/^\[|\]$/g, "");
  const secure = server.protocol === "smtps:";
  const user = decodeURIComponent(server.username);
  const isHere = hostname === "localhost" || isAmong(hostname, loopback);
  const transport = createTransport({
    host: hostname,
    port: server.port === "" ? (secure ? 465 : 587) : Number(server.port),
    secure,
    requireTLS: !secure && !isHere && server.searchParams.get("tls") !== "off",
    ...(user === "" ? {} : { auth: { user, pass: decodeURIComponent(server.password) } }),
    ...patience,
    // A mail is plain text: no part of it may be read from a file or an address.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const from = { name: "Portcullis", address: mailFrom ?? senderAt(host) };
  return {
    send: async ({ to, subject, text }) => {
      try {
        // An address object is one address, even if its text contains separators.
        const mail = { from, to: { name: "", address: to }, subject, text };
        await within(mostMs, "the mail server", () => transport.sendMail(mail));
      } catch (error) {
        throw new MailFailed(isServerResponse(error) ? "mail_refused" : "mail_unreachable");
      }
    },
  };
}

/** Returns whether the server rejected the mail. Its response may quote the address, so it is not passed on. */
function isServerResponse(error: unknown): boolean {
  return error instanceof Error && "responseCode" in error && typeof error.responseCode === "number";
}
