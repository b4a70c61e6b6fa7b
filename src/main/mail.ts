import { createTransport } from "nodemailer";
import { within } from "../platform/deadline";
import { type Mailer, MailFailed } from "../platform/mail";
import { isAmong } from "../platform/net/addresses";
import type { Settings } from "./settings/environment";

/** In milliseconds: whoever invites somebody waits for it. */
const patience = {
  dnsTimeout: 3_000,
  connectionTimeout: 5_000,
  greetingTimeout: 5_000,
  socketTimeout: 10_000,
} as const;

/** Milliseconds for a whole mail: a server that says a little in time, again and again, is not waited for. */
const mostMs = 20_000;

/** Where no sender is set: an address of the host at which people reach the control plane. */
const senderAt = (host: string) => `portcullis@${host}`;

const loopback = ["127.0.0.0/8", "::1"];

/**
 * What hands e-mail to the server of PORTCULLIS_SMTP_URL; null without one. `smtps:` is TLS from the start, `smtp:`
 * changes to it before anything is said, and goes on without it only on this host or with `?tls=off`.
 * @param host of the public address
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
    // A mail is text alone: nothing that it says is a file or an address to fetch.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const from = { name: "Portcullis", address: mailFrom ?? senderAt(host) };
  return {
    send: async ({ to, subject, text }) => {
      try {
        // An address as an object is one address, whatever is in it.
        const mail = { from, to: { name: "", address: to }, subject, text };
        await within(mostMs, "the mail server", () => transport.sendMail(mail));
      } catch (error) {
        throw new MailFailed(answered(error) ? "mail_refused" : "mail_unreachable");
      }
    },
  };
}

/** Whether it was the server that said no. What it said may quote the address, and stays here. */
function answered(error: unknown): boolean {
  return error instanceof Error && "responseCode" in error && typeof error.responseCode === "number";
}
