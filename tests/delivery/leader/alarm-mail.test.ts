import { expect, test } from "vitest";
import { alarmMail, type MailedAlarm } from "#src/delivery/leader/alarm-mail";
import { type AlarmReason, answeredBy } from "#src/platform/contract/sync-state";

const at = "2026-01-02T03:04:05.678Z";
const alarm = (reason: AlarmReason, more: Partial<MailedAlarm> = {}): MailedAlarm => ({
  name: "Wiki",
  reason,
  alarm: { since: at, answeredBy: answeredBy(reason), request: "HEAD wiki.example/", status: 200, server: null, at },
  endedAt: null,
  ...more,
});
const mailOf = (...alarms: MailedAlarm[]) =>
  alarmMail({ to: "ada@example.org", organization: "Acme", alarms, url: "https://portcullis.example" });

test("a message says what was asked, what answered, and what helps", () => {
  expect(mailOf(alarm("passed")).text).toMatchInlineSnapshot(`
    "Organization: Acme

    Portcullis sent requests without a password. The gateway should have refused them, and it answered them:

    Wiki
      Request: HEAD wiki.example/
      Answer: status 200, 2026-01-02T03:04:05.678Z
      The application's own router answered. Close the application in Portcullis: it then refuses every visitor.

    You get no other message about these alarms while they last. Open Portcullis to see the present state:

    https://portcullis.example
    "
  `);
  const { alarm: seen } = alarm("let_in_by_foreign_router");
  const { text } = mailOf(alarm("let_in_by_foreign_router", { alarm: { ...seen, server: "nginx" } }));
  expect(text).toContain("Portcullis cannot close it.");
  expect(text).toContain(`Answer: status 200 of nginx, ${at}`);
  expect(mailOf(alarm("let_in_by_other_compile")).text).toContain("Another router of Portcullis answered");
  expect(mailOf(alarm("still_there")).text).toContain("This name was removed");
});

test("a deleted application is called by its place, and an alarm that has ended says so", () => {
  const { subject, text } = mailOf(alarm("still_there", { name: null, endedAt: at }));
  expect(subject).toBe("Alarm: a stranger was let in at wiki.example/");
  expect(text).toContain(`This alarm ended at ${at}`);
});

test("text that a tenant wrote cannot add a line or a header", () => {
  const name = "Wiki\r\nBcc: eve@example.org\u202e";
  const { subject, text } = alarmMail({
    to: "ada@example.org",
    organization: name,
    alarms: [alarm("passed", { name })],
    url: "https://portcullis.example",
  });
  expect(subject).toBe("Alarm: a stranger was let in at Wiki Bcc: eve@example.org");
  expect(text.split("\n").filter((line) => line.startsWith("Bcc"))).toEqual([]);
  expect(text).not.toMatch(/[\r\u202e]/);
});

test("a message describes 20 alarms and counts the others", () => {
  const { subject, text } = mailOf(...Array.from({ length: 23 }, () => alarm("passed")));
  expect(subject).toBe("Alarm: strangers were let in at 23 places");
  expect(text.match(/Request:/g)).toHaveLength(20);
  expect(text).toContain("There are 3 more.");
});
