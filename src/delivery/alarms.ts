import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import { onceAsSync } from "../database/as-sync";
import { type Database, rowsOf, type Transaction } from "../database/database";
import { type Alarm, answeredBy, StoredUnprovenReason, type UnprovenReason } from "../platform/contract/sync-state";

/** Whether the alarm of a row of `application_states` lasts. */
export function lasts(state: SQL): SQL {
  return sql`(${state}.alarm_since is not null and ${state}.alarm_ended_at is null)`;
}

/** The answer of an alarm as the database has it. */
const Answer = z.object({
  request: z.string(),
  status: z.number().int().nullable(),
  server: z.string().nullable().default(null),
  at: z.iso.datetime(),
});

/** The public form of an alarm. @param answer the stored answer that let a visitor in */
export function presentAlarm(reason: UnprovenReason, since: string, answer: unknown): Alarm {
  const seen = Answer.catch({ request: "", status: null, server: null, at: since }).parse(answer);
  return { since, answeredBy: answeredBy(reason), ...seen };
}

/** A name that no application has at this gateway now, and that still lets visitors in. */
export interface ExposedName {
  readonly applicationId: string;
  readonly reason: UnprovenReason;
  readonly alarm: Alarm;
}

interface NameRow {
  readonly total: number;
  readonly application_id: string;
  readonly alarm_reason: string;
  readonly since: string;
  readonly alarm_answer: unknown;
}

/**
 * Finds the names of deleted applications that still let visitors in, the newest alarm first. The applications are in no
 * list. The transaction's role sees those of one organization.
 */
export async function readExposedNames(
  tx: Transaction,
  limit: number,
): Promise<{ readonly total: number; readonly names: readonly ExposedName[] }> {
  const rows = rowsOf<NameRow>(
    await tx.execute(sql`
      select count(*) over ()::int as total, s.application_id, s.alarm_reason, s.alarm_answer,
        to_char(s.alarm_since at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as since
      from application_states s
      where ${lasts(sql`s`)} and not exists (
        select 1 from applications a where a.application_id = s.application_id and a.gateway_id = s.gateway_id)
      order by s.alarm_since desc, s.application_id limit ${limit}`),
  );
  const names = rows.map(({ application_id: applicationId, alarm_reason, since, alarm_answer }) => {
    const reason = StoredUnprovenReason.parse(alarm_reason);
    return { applicationId, reason, alarm: presentAlarm(reason, since, alarm_answer) };
  });
  return { total: rows[0]?.total ?? 0, names };
}

/** Counts the alarms of all organizations: applications and removed names that let visitors in. */
export async function countAlarms(database: Database): Promise<number> {
  const result = await onceAsSync(database, (tx) =>
    tx.execute(sql`select count(*)::int as count from application_states s where ${lasts(sql`s`)}`),
  );
  return rowsOf<{ count: number }>(result)[0]?.count ?? 0;
}
