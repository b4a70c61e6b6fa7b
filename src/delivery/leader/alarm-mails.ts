import { and, eq, inArray, sql } from "drizzle-orm";
import type { Logger } from "pino";
import { applicationStates, applications, organizations } from "#drizzle/schema";
import { asSync } from "#src/database/as-sync";
import { type Database, rowsOf } from "#src/database/database";
import { aheadInSql, reachedInSql } from "#src/database/moments-in-sql";
import { StoredUnprovenReason } from "#src/platform/contract/sync-state";
import { type Mailer, MailFailed } from "#src/platform/mail";
import { later } from "#src/platform/moment";
import { Repeats } from "#src/platform/repeats";
import type { Waker } from "#src/platform/signal";
import type { Pace } from "#src/platform/timer";
import type { Clock } from "#src/platform/values";
import { presentAlarm } from "../alarms";
import { alarmMail, type MailedAlarm } from "./alarm-mail";

/** How often to look for alarms that another process recorded, in ms. */
const lookAgainMs = 10_000;
/** An application that is open again and again makes one message in this time. A failed message is sent again then. */
const ofApplicationMs = 300_000;
/** An organization gets one message in this time. Alarms in between come together in the next one. */
const ofOrganizationMs = 60_000;
/** Alarms that one look takes. */
const takenAtOnce = 500;

interface AlarmMails {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly mailer: Mailer | null;
  /** The public address of the control plane, for the message. */
  readonly url: string;
}

/**
 * Sends one message about each alarm to the owners of its organization. The database records which alarms have their
 * message, so a restart or another leader does not repeat it. A process that ends while it sends may cause a second
 * message, and never a missing one.
 */
export async function mailAlarmsUntilOver(
  mails: AlarmMails & { readonly pace: Pace },
  waker: Waker,
  over: AbortSignal,
): Promise<void> {
  const { pace, log } = mails;
  const repeats = new Repeats();
  while (!over.aborted && mails.mailer !== null) {
    try {
      await mailAlarms(mails);
      repeats.over();
    } catch (error) {
      if (over.aborted) return;
      const silent = repeats.due("mail", pace.now());
      if (silent !== null) log.warn({ err: error, silent }, "the messages about alarms could not be sent");
    }
    await waker.wait(lookAgainMs, pace, over);
  }
}

/** Sends the messages that are due now. */
export async function mailAlarms(mails: AlarmMails): Promise<void> {
  const { database, clock, log, mailer } = mails;
  if (mailer === null) return;
  const taken = await takeDue(database, clock.now());
  for (const organizationId of new Set(taken.map((alarm) => alarm.organizationId))) {
    const alarms = taken.filter((alarm) => alarm.organizationId === organizationId);
    const addresses = await ownersOf(database, organizationId);
    if (addresses.length === 0) log.warn({ organizationId }, "an organization with an alarm has no owner to write to");
    const outcomes = await Promise.all(addresses.map((to) => send(mails, mailer, to, organizationId, alarms)));
    if (addresses.length === 0 || outcomes.includes(true)) await recordMailed(database, alarms);
  }
}

interface DueAlarm extends MailedAlarm {
  readonly gatewayId: string;
  readonly applicationId: string;
  readonly organizationId: string;
  readonly organization: string;
  readonly since: Date;
}

/** Takes the alarms without a message. No other process takes them while this one sends. */
function takeDue(database: Database, now: Date): Promise<DueAlarm[]> {
  return asSync(database, async (tx) => {
    const due = sql`select s.gateway_id, s.application_id from application_states s
      where s.alarm_since is not null and s.alarm_mailed_since is distinct from s.alarm_since
        and (s.alarm_mail_at is null or ${reachedInSql(sql`s.alarm_mail_at`, later(now, -ofApplicationMs))})
        and not exists (select 1 from application_states o where o.organization_id = s.organization_id
          and o.alarm_since is not null and ${aheadInSql(sql`o.alarm_mail_at`, later(now, -ofOrganizationMs))})
      order by s.alarm_since limit ${takenAtOnce} for update of s skip locked`;
    const rows = await tx
      .update(applicationStates)
      .set({ alarmMailAt: now })
      .from(sql`(${due}) due`)
      .where(
        and(
          eq(applicationStates.gatewayId, sql`due.gateway_id`),
          eq(applicationStates.applicationId, sql`due.application_id`),
        ),
      )
      .returning({
        gatewayId: applicationStates.gatewayId,
        applicationId: applicationStates.applicationId,
        organizationId: applicationStates.organizationId,
        reason: applicationStates.alarmReason,
        since: applicationStates.alarmSince,
        answer: applicationStates.alarmAnswer,
        endedAt: applicationStates.alarmEndedAt,
      });
    if (rows.length === 0) return [];
    const names = await tx
      .select({ applicationId: applications.applicationId, name: applications.name })
      .from(applications)
      .where(
        inArray(
          applications.applicationId,
          rows.map(({ applicationId }) => applicationId),
        ),
      );
    const found = await tx
      .select({ organizationId: organizations.organizationId, name: organizations.name })
      .from(organizations)
      .where(inArray(organizations.organizationId, [...new Set(rows.map((row) => row.organizationId))]));
    const nameOf = new Map(names.map(({ applicationId, name }) => [applicationId, name]));
    const organizationOf = new Map(found.map(({ organizationId, name }) => [organizationId, name]));
    return rows.flatMap(({ since, answer, endedAt, ...row }) => {
      if (since === null) return [];
      const reason = StoredUnprovenReason.parse(row.reason);
      return [
        {
          ...row,
          reason,
          since,
          name: nameOf.get(row.applicationId) ?? null,
          organization: organizationOf.get(row.organizationId) ?? "",
          alarm: presentAlarm(reason, since.toISOString(), answer),
          endedAt: endedAt?.toISOString() ?? null,
        },
      ];
    });
  });
}

async function ownersOf(database: Database, organizationId: string): Promise<string[]> {
  return asSync(database, async (tx) => {
    const rows = await tx.execute(sql`select portcullis_owner_addresses(${organizationId}) as email`);
    return rowsOf<{ email: string }>(rows).map(({ email }) => email);
  });
}

/** @returns whether the mail server accepted the message */
async function send(
  { log, url }: AlarmMails,
  mailer: Mailer,
  to: string,
  organizationId: string,
  alarms: readonly DueAlarm[],
): Promise<boolean> {
  try {
    await mailer.send(alarmMail({ to, organization: alarms[0]?.organization ?? "", alarms, url }));
    return true;
  } catch (error) {
    const problem = error instanceof MailFailed ? error.problem : "unexpected";
    log.warn({ organizationId, problem }, "a message about an alarm could not be sent");
    return false;
  }
}

function recordMailed(database: Database, alarms: readonly DueAlarm[]): Promise<void> {
  const mailed = alarms.map(({ gatewayId, applicationId, since }) => ({ gatewayId, applicationId, since }));
  return asSync(database, async (tx) => {
    await tx
      .update(applicationStates)
      .set({ alarmMailedSince: sql`mailed."since"` })
      .from(
        sql`jsonb_to_recordset(${JSON.stringify(mailed)}::jsonb)
          as mailed("gatewayId" text, "applicationId" text, "since" timestamptz)`,
      )
      .where(
        and(
          eq(applicationStates.gatewayId, sql`mailed."gatewayId"`),
          eq(applicationStates.applicationId, sql`mailed."applicationId"`),
        ),
      );
  });
}
