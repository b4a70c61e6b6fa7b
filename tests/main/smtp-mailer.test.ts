import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { afterEach, expect, test } from "vitest";
import { invitationMail } from "#src/features/invitations/send";
import { makeMailer } from "#src/main/smtp-mailer";
import type { MailFailed } from "#src/platform/mail";
import { type MailServer, openMailServer } from "../support/mail-server";
import { patienceMs } from "../support/patience";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

async function serve(...options: Parameters<typeof openMailServer>): Promise<MailServer> {
  const server = await openMailServer(...options);
  open.push(server);
  return server;
}
const mailer = (smtpUrl: string, mailFrom: string | null = null) => {
  const created = makeMailer({ smtpUrl, mailFrom }, "portcullis.example.org");
  if (!created) throw new Error("there is no mailer");
  return created;
};
const invited = {
  email: "ada@example.org",
  organization: "Acme",
  inviter: "bob@example.org",
  url: "https://portcullis.example.org/accept-invitation#token",
  days: 7,
};
const problemOf = async (sending: Promise<void>) =>
  sending.then(
    () => null,
    (error: MailFailed) => [error.name, error.problem],
  );

test("makeMailer returns null without a mail server", () => {
  expect(makeMailer({ smtpUrl: null, mailFrom: null }, "portcullis.example.org")).toBe(null);
});

test("a mail goes to one address, from the configured sender, as plain text", async () => {
  const server = await serve();
  await mailer(`smtp://127.0.0.1:${server.port}`, "gate@example.org").send(invitationMail(invited));
  await mailer(`smtp://127.0.0.1:${server.port}`).send(invitationMail(invited));
  expect(server.received.map(({ from, to }) => [from, to])).toEqual([
    ["gate@example.org", ["ada@example.org"]],
    ["portcullis@portcullis.example.org", ["ada@example.org"]],
  ]);
  const [mail] = server.received;
  expect(mail?.headers).toContainEqual(["from", "Portcullis <gate@example.org>"]);
  expect(mail?.headers).toContainEqual(["to", "ada@example.org"]);
  expect(mail?.headers).toContainEqual(["subject", "Invitation to Acme"]);
  expect(mail?.headers).toContainEqual(["content-type", "text/plain; charset=utf-8"]);
  expect(mail?.text).toContain(`by bob@example.org to become a member of the organization "Acme"`);
  expect(mail?.text.split("\n")).toContain(invited.url);
});

test.each([
  ["CRLF and a header", "Acme\r\nBcc: everybody@example.org"],
  ["a line feed and a header", "Acme\nBcc: everybody@example.org"],
  ["the end of the headers", "Acme\r\n\r\n<h1>Pay here</h1>"],
  ["the end of the mail", "Acme\r\n.\r\nMAIL FROM:<evil@example.org>\r\nRCPT TO:<everybody@example.org>"],
  ["a Unicode line separator", "Acme\u2028Bcc: everybody@example.org"],
  ["non-ASCII letters and a header", "Ärzte ohne Grenzen 🏥\r\nBcc: everybody@example.org"],
  ["an encoded word", "=?utf-8?q?Acme=0D=0ABcc:_everybody@example.org?="],
])("a name with %s adds no header, no recipient and no second mail", async (_, organization) => {
  const server = await serve();
  const names = { organization, inviter: organization };
  await mailer(`smtp://127.0.0.1:${server.port}`).send(invitationMail({ ...invited, ...names }));
  const plain = await serve();
  await mailer(`smtp://127.0.0.1:${plain.port}`).send(invitationMail(invited));
  expect(server.received).toHaveLength(1);
  const [mail] = server.received;
  expect(mail?.to).toEqual(["ada@example.org"]);
  const namesOf = (received: MailServer) => received.received[0]?.headers.map(([name]) => name).sort();
  expect(namesOf(server)).toEqual(namesOf(plain));
  expect(mail?.text.split("\n").filter((line) => line.startsWith("Bcc") || line.startsWith("<h1>"))).toEqual([]);
  expect(mail?.text.split("\n").length).toBe(plain.received[0]?.text.split("\n").length);
});

test("a recipient that contains two addresses is not sent to the second one", async () => {
  const server = await serve();
  const to = "ada@example.org, everybody@example.org";
  await problemOf(mailer(`smtp://127.0.0.1:${server.port}`).send({ ...invitationMail(invited), to }));
  for (const mail of server.received) expect(mail.to).not.toContain("everybody@example.org");
});

test("the mailer authenticates with the user and the password of the SMTP URL", async () => {
  const server = await serve({ authOptional: false });
  await mailer(`smtp://who%40here:good@127.0.0.1:${server.port}`).send(invitationMail(invited));
  expect(server.received.map(({ user }) => user)).toEqual(["who@here"]);
  const refused = mailer(`smtp://who:hunter2@127.0.0.1:${server.port}`).send(invitationMail(invited));
  expect(await problemOf(refused)).toEqual(["MailFailed", "mail_refused"]);
});

test("a server that refuses gives mail_refused, and an unreachable one gives mail_unreachable", async () => {
  const refusing = await serve({
    onRcptTo: (_address, _session, done) => done(Object.assign(new Error("no such user ada"), { responseCode: 550 })),
  });
  expect(await problemOf(mailer(`smtp://127.0.0.1:${refusing.port}`).send(invitationMail(invited)))).toEqual([
    "MailFailed",
    "mail_refused",
  ]);
  const gone = await openMailServer();
  await gone.close();
  expect(await problemOf(mailer(`smtp://127.0.0.1:${gone.port}`).send(invitationMail(invited)))).toEqual([
    "MailFailed",
    "mail_unreachable",
  ]);
});

test("a server that accepts the connection and stays silent gives mail_unreachable in time", async () => {
  const sockets: { destroy(): void }[] = [];
  const silent = createServer((socket) => void sockets.push(socket)).listen(0, "127.0.0.1");
  await once(silent, "listening");
  open.push({
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => silent.close(() => resolve()));
    },
  });
  const { port } = silent.address() as AddressInfo;
  const before = performance.now();
  const problem = await problemOf(mailer(`smtp://127.0.0.1:${port}`).send(invitationMail(invited)));
  expect(problem).toEqual(["MailFailed", "mail_unreachable"]);
  expect(performance.now() - before).toBeLessThan(patienceMs);
});

test("an smtps server with an untrusted certificate gives mail_unreachable and receives nothing", async () => {
  const server = await serve({ secure: true });
  const sending = mailer(`smtps://127.0.0.1:${server.port}`).send(invitationMail(invited));
  expect(await problemOf(sending)).toEqual(["MailFailed", "mail_unreachable"]);
  expect(server.received).toEqual([]);
});

test("a mail to another host is not sent without TLS unless the URL allows it", async () => {
  const server = await serve();
  // 0.0.0.0 reaches this host, but the mailer does not treat it as a loopback address.
  const elsewhere = (query: string) => mailer(`smtp://0.0.0.0:${server.port}${query}`).send(invitationMail(invited));
  expect(await problemOf(elsewhere(""))).not.toBe(null);
  expect(server.received).toEqual([]);
  expect(await problemOf(elsewhere("?tls=off"))).toBe(null);
  expect(server.received).toHaveLength(1);
});
