import { type SQL, sql } from "drizzle-orm";
import { oneOf } from "../database/conditions-in-sql";
import { rowsOf, type Transaction } from "../database/database";
import { aheadInSql, passedInSql } from "../database/moments-in-sql";
import { StoredUnprovenReason } from "../platform/contract/sync-state";
import { later } from "../platform/moment";
import type { Access, Intended, OpenedBy } from "../traefik/compiler/state";
import { lasts, presentAlarm } from "./alarms";
import type { ExposureFacts } from "./exposure";

/** One row of `selectExposureFacts`. */
interface Row {
  readonly application_id: string;
  readonly closed_by_hand: boolean;
  readonly access: Access;
  readonly opened_by: OpenedBy;
  readonly never_public: boolean;
  readonly has_credential: boolean;
  readonly has_valid_credential: boolean;
  readonly has_route: boolean;
  readonly has_enabled_route: boolean;
  readonly pending: boolean;
  /** Null, with all fields from here to `proof_is_old`, if nothing was ever delivered. */
  readonly revision: number | null;
  readonly delivered_intended: Intended;
  readonly form: "stated" | "quarantined" | "closed";
  readonly proven_revision: number;
  readonly proved_at: string | null;
  readonly unproven: string | null;
  readonly proof_is_old: boolean;
  /** Null, with the other columns of the alarm, while there is none. */
  readonly alarm_reason: string | null;
  readonly alarm_since: string | null;
  readonly alarm_answer: unknown;
  readonly loaded_revision: number;
  readonly failing: boolean;
}

/**
 * How long a proof is valid, in ms. Proofs are renewed within ten minutes while a process leads the gateway and the
 * gateway answers; this is three times as long.
 */
export const proofHoldsForMs = 30 * 60_000;

/**
 * Selects what the exposure of applications depends on, one row each, with what lists sort and show. What lies in
 * applications is grouped before it is joined. For thousands of applications, a subquery for each of them costs several
 * times as much, and its estimated cost makes PostgreSQL compile the statement, which takes longer than all of its work.
 * @param which a condition on an application `a` in its environment `e`
 * @param among the ids of all applications that can meet the condition; without them, the whole organization
 */
export function selectExposureFacts(which: SQL, now: Date, among?: readonly string[]): SQL {
  return sql`
    select a.application_id, a.name, a.created_at, a.changed_at, e.project_id, a.closed_at is not null as closed_by_hand,
      a.access, a.opened_by, o.never_public,
      s.application_id is not null as has_credential, coalesce(s.valid, false) as has_valid_credential,
      r.application_id is not null as has_route, coalesce(r.enabled, false) as has_enabled_route,
      c.application_id is not null as pending,
      d.revision, d.intended as delivered_intended, d.form, d.proven_revision, d.unproven,
      ${isoInSql(sql`d.proved_at`)} as proved_at,
      d.digest is not null and ${passedInSql(sql`d.proved_at`, later(now, -proofHoldsForMs))} as proof_is_old,
      ${whileExposed(sql`d.alarm_reason`)} as alarm_reason, ${whileExposed(isoInSql(sql`d.alarm_since`))} as alarm_since,
      ${whileExposed(sql`d.alarm_answer`)} as alarm_answer,
      g.loaded_revision, g.cause is not null as failing
    from applications a
      join environments e on e.environment_id = a.environment_id
      join organizations o on o.organization_id = a.organization_id
      join gateways g on g.gateway_id = a.gateway_id
      left join application_states d on d.application_id = a.application_id and d.gateway_id = a.gateway_id
      left join (
        select application_id, bool_or(expires_at is null or ${aheadInSql(sql`expires_at`, now)}) as valid
        from security where ${oneOf(sql`application_id`, among)} group by application_id
      ) s on s.application_id = a.application_id
      left join (
        select application_id, bool_or(enabled) as enabled
        from routes where ${oneOf(sql`application_id`, among)} group by application_id
      ) r on r.application_id = a.application_id
      left join (
        select distinct application_id from changes
        where delivered_in is null and ${oneOf(sql`application_id`, among)}
      ) c on c.application_id = a.application_id
    where ${oneOf(sql`a.application_id`, among)} and ${which}`;
}

/** A value of an application's state `d` while its alarm lasts; otherwise null. */
function whileExposed(value: SQL): SQL {
  return sql`case when ${lasts(sql`d`)} then ${value} end`;
}

const isoInSql = (moment: SQL) => sql`to_char(${moment} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** Reads the facts of these applications, by id, in one statement. */
export async function exposureFactsOf(
  tx: Transaction,
  applicationIds: readonly string[],
  now: Date,
): Promise<ReadonlyMap<string, ExposureFacts>> {
  if (applicationIds.length === 0) return new Map();
  const result = await tx.execute(selectExposureFacts(sql`true`, now, applicationIds));
  return new Map(rowsOf<Row>(result).map((row) => [row.application_id, factsOf(row)]));
}

function factsOf(row: Row): ExposureFacts {
  return {
    closedByHand: row.closed_by_hand,
    access: row.access,
    openedBy: row.opened_by,
    neverPublic: row.never_public,
    // One entry stands for all of them: only whether there is one, and whether one is valid, counts.
    credentials: row.has_credential ? [{ valid: row.has_valid_credential }] : [],
    hasRoute: row.has_route,
    hasEnabledRoute: row.has_enabled_route,
    pending: row.pending,
    delivered:
      row.revision === null
        ? null
        : {
            revision: row.revision,
            intended: row.delivered_intended,
            form: row.form,
            provenRevision: row.proven_revision,
            provedAt: row.proved_at,
            unproven: StoredUnprovenReason.nullable().parse(row.unproven),
            proofIsOld: row.proof_is_old,
            alarm: alarmOf(row),
          },
    loadedRevision: row.loaded_revision,
    failing: row.failing,
  };
}

function alarmOf({ alarm_reason, alarm_since, alarm_answer }: Row) {
  if (alarm_reason === null || alarm_since === null) return null;
  const reason = StoredUnprovenReason.parse(alarm_reason);
  return { reason, seen: presentAlarm(reason, alarm_since, alarm_answer) };
}
