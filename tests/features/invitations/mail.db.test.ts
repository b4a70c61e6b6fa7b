import { afterAll, beforeAll, expect, test } from "vitest";
import { organizations } from "#drizzle/organizations";
import { makeMailer } from "#src/main/smtp-mailer";
import { openBrowser } from "#tests/support/browser";
import { type MailServer, openMailServer } from "#tests/support/mail-server";
import { updateRows } from "#tests/support/rows/table";
import { registerSecret } from "#tests/support/secrets";
import { type GivenOrganization, given, openWorld, type World } from "#tests/support/world";
import { givenTeammate } from "../members/given-team";

interface Created {
  readonly invitationId: string;
  readonly url: string;
  readonly sent: boolean;
  readonly mailProblem: string | null;
}

let server: MailServer;
let world: World;
let acme: GivenOrganization;
let accepts = true;

beforeAll(async () => {
  server = await openMailServer({
    onRcptTo: (_address, _session, done) =>
      done(accepts ? null : Object.assign(new Error("mailbox full"), { responseCode: 552 })),
  });
  const smtpUrl = `smtp://127.0.0.1:${server.port}`;
  world = await openWorld({ mailer: makeMailer({ smtpUrl, mailFrom: "gate@example.org" }, "portcullis.example.org") });
  acme = await world.organization();
});
afterAll(async () => {
  await world.close();
  await server.close();
});

test("an invitation is mailed to its address and contains a valid link", async () => {
  const admin = await givenTeammate(world, acme, "admin");
  const { data } = await admin.browser.call<Created>("invitations.create", {
    email: "Ada@example.org",
    role: "viewer",
  });
  expect(data).toMatchObject({ sent: true, mailProblem: null });
  const mail = server.received.at(-1);
  expect(mail?.to).toEqual(["ada@example.org"]);
  expect(mail?.text).toContain(`by ${admin.email}`);
  const link = mail?.text.split("\n").find((line) => line.startsWith("https://"));
  expect(link).toBe(data.url);
  const token = registerSecret(data.url.slice(data.url.indexOf("#") + 1));
  const browser = openBrowser(world, { ip: "203.0.113.61" });
  expect((await browser.call("invitations.look", { token })).data).toMatchObject({ state: "good" });
});

test("a failed mail is reported, keeps the invitation valid, and logs neither the link nor the address", async () => {
  accepts = false;
  const email = "full@example.org";
  const created = await given(acme).ok<Created>("invitations.create", { email, role: "viewer" });
  accepts = true;
  expect(created).toMatchObject({ sent: false, mailProblem: "mail_refused" });
  const token = registerSecret(created.url.slice(created.url.indexOf("#") + 1));
  const browser = openBrowser(world, { ip: "203.0.113.62" });
  expect((await browser.call("invitations.look", { token })).data).toMatchObject({ state: "good", email });
  expect(world.log()).toContain("an invitation could not be sent");
  for (const secret of [token, email, "mailbox full"]) expect(world.log()).not.toContain(secret);
});

test("a refused invitation is not mailed", async () => {
  const before = server.received.length;
  const admin = await givenTeammate(world, acme, "admin");
  const refused = await admin.attempt("invitations.create", { email: "boss@example.org", role: "owner" });
  expect([refused, server.received.length]).toEqual([[403, "role_above_own"], before]);
});

test("an organization name with line breaks adds no header to the mail", async () => {
  await updateRows(
    world.db.owner,
    organizations,
    { organizationId: acme.organizationId },
    { name: "Acme\r\nBcc: everybody@example.org\r\n\r\nPay here" },
  );
  const created = await given(acme).ok<Created>("invitations.create", { email: "bob@example.org", role: "viewer" });
  registerSecret(created.url.slice(created.url.indexOf("#") + 1));
  expect(created.sent).toBe(true);
  const mail = server.received.at(-1);
  expect(mail?.to).toEqual(["bob@example.org"]);
  expect(mail?.headers.map(([name]) => name)).not.toContain("bcc");
  expect(mail?.headers.find(([name]) => name === "subject")?.[1]).toBe(
    "Invitation to Acme Bcc: everybody@example.org Pay here",
  );
});
