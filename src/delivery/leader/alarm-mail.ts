import type { Alarm, UnprovenReason } from "#src/platform/contract/sync-state";
import type { Mail } from "#src/platform/mail";
import { oneLine } from "#src/platform/one-line";

/** One alarm in a message. */
export interface MailedAlarm {
  /** The application's name; null if it was deleted. */
  readonly name: string | null;
  readonly reason: UnprovenReason;
  readonly alarm: Alarm;
  /** When it ended, as ISO 8601; null while it lasts. */
  readonly endedAt: string | null;
}

interface AlarmMail {
  readonly to: string;
  /** The organization's name. */
  readonly organization: string;
  readonly alarms: readonly MailedAlarm[];
  /** The public address of the control plane. */
  readonly url: string;
}

/** Alarms that a message describes. It counts the others. */
const most = 20;

/** The message about alarms. Names and hosts are the only text in it that a tenant wrote. */
export function alarmMail({ to, organization, alarms, url }: AlarmMail): Mail {
  const [first] = alarms;
  const subject =
    first !== undefined && alarms.length === 1
      ? `Alarm: a stranger was let in at ${titleOf(first)}`
      : `Alarm: strangers were let in at ${alarms.length} places`;
  const others = alarms.length - most;
  return {
    to,
    subject,
    text: [
      `Organization: ${oneLine(organization)}`,
      "",
      "Portcullis sent requests without a password. The gateway should have refused them, and it answered them:",
      "",
      ...alarms.slice(0, most).flatMap((alarm) => [...described(alarm), ""]),
      ...(others > 0 ? [`There are ${others} more.`, ""] : []),
      "You get no other message about these alarms while they last. Open Portcullis to see the present state:",
      "",
      url,
      "",
    ].join("\n"),
  };
}

function titleOf({ name, alarm }: MailedAlarm): string {
  return oneLine(name ?? placeOf(alarm));
}

const placeOf = ({ request }: Alarm) => request.replace(/^[A-Z]+ /, "");

function described(one: MailedAlarm): string[] {
  const { request, status, server, at } = one.alarm;
  const by = server === null ? "" : ` of ${oneLine(server)}`;
  const name = one.name === null ? "A removed name" : oneLine(one.name);
  return [
    name,
    `  Request: ${oneLine(request)}`,
    `  Answer: status ${status ?? "unknown"}${by}, ${at}`,
    `  ${whatAnswered(one)}`,
    ...(one.endedAt === null ? [] : [`  This alarm ended at ${one.endedAt}: visitors are refused again.`]),
  ];
}

function whatAnswered({ name, reason, alarm }: MailedAlarm): string {
  if (alarm.answeredBy === "foreign") {
    return "Something that is not part of Portcullis answered. Portcullis cannot close it. Look for another router of this host in the configuration of the gateway.";
  }
  if (reason === "still_there" || name === null) {
    return "This name was removed, and the gateway still serves it. Check whether the gateway loads its files.";
  }
  if (alarm.answeredBy === "own_router") {
    return "The application's own router answered. Close the application in Portcullis: it then refuses every visitor.";
  }
  return "Another router of Portcullis answered: an older configuration, or another application. Look at the routes of this host.";
}
