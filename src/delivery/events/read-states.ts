import { type SQL, sql } from "drizzle-orm";
import { z } from "zod";
import { onceAsSync } from "#src/database/as-sync";
import { type Database, rowsOf } from "#src/database/database";
import { passedInSql } from "#src/database/moments-in-sql";
import { later } from "#src/platform/moment";
import { proofHoldsForMs, selectExposureFacts } from "../exposure-facts";
import { selectExposure } from "../exposure-in-sql";
import { mostAtOnce, type SealedEntry, type States } from "./channel";

/**
 * Selects one short text for each organization, which changes when its states have changed. A look at all states of an
 * organization costs several times as much.
 * @param organizations a query of one column `organization_id`
 */
function selectIndicators(organizations: SQL, now: Date): SQL {
  return sql`
    select o.organization_id, concat_ws(' ', e.entries, s.states, c.pending, g.gateways) as indicator
    from (${organizations}) o
      left join lateral (
        select concat((select max(sequence) from audit_entries where organization_id = o.organization_id), '+',
          (select count(*) from audit_entries where organization_id = o.organization_id and sequence is null)) as entries
      ) e on true
      left join (
        select s.organization_id, sum(hashtextextended(concat_ws(':', s.application_id, s.revision, s.proven_revision,
          s.form, s.intended, s.digest is null, s.removed, coalesce(s.unproven, '-'), g.loaded_revision >= s.revision,
          ${passedInSql(sql`s.proved_at`, later(now, -proofHoldsForMs))}), 0)) as states
        from application_states s join gateways g on g.gateway_id = s.gateway_id
        where s.organization_id in (${organizations}) group by s.organization_id
      ) s on s.organization_id = o.organization_id
      left join (
        select organization_id, concat(count(*), '/', max(row)) as pending
        from changes where delivered_in is null group by organization_id
      ) c on c.organization_id = o.organization_id
      left join (
        select a.organization_id, sum(hashtextextended(
          concat_ws(':', g.gateway_id, coalesce(g.cause, '-'), coalesce(g.condition, '-')), 0)) as gateways
        from organization_gateways a join gateways g on g.gateway_id = a.gateway_id group by a.organization_id
      ) g on g.organization_id = o.organization_id`;
}

/** Reads the indicators of these organizations, in one statement. */
export async function readIndicators(
  database: Database,
  organizationIds: readonly string[],
  now: Date,
): Promise<ReadonlyMap<string, string>> {
  const organizations = sql`select value as organization_id
    from jsonb_array_elements_text(${JSON.stringify(organizationIds)}::text::jsonb)`;
  const rows = await onceAsSync(database, async (tx) =>
    rowsOf<{ organization_id: string; indicator: string }>(await tx.execute(selectIndicators(organizations, now))),
  );
  return new Map(rows.map(({ organization_id, indicator }) => [organization_id, indicator]));
}

/** Words are not checked here: the reader of an event decides which it knows. */
const Read = z.object({
  applications: z.array(
    z.object({
      id: z.string(),
      projectId: z.string(),
      state: z.string(),
      reason: z.string().nullable(),
      sync: z.string(),
      changedAt: z.string().nullable(),
    }),
  ),
  gateways: z.array(z.object({ id: z.string(), cause: z.string().nullable(), condition: z.string().nullable() })),
  entries: z.array(z.object({ auditId: z.string(), action: z.string(), sequence: z.number() })),
  sequence: z.number(),
  indicator: z.string(),
});

/**
 * Reads all states of one organization with their indicator, in its own role, so that row-level security limits what a
 * stream can carry.
 * @param since audit entries after this position are returned, up to one more than a look may report; null for none
 */
export async function readStates(
  database: Database,
  organizationId: string,
  since: number | null,
  now: Date,
): Promise<{ states: States; entries: readonly SealedEntry[]; indicator: string }> {
  const exposures = selectExposure(selectExposureFacts(sql`true`, now));
  const own = sql`select ${organizationId}::text as organization_id`;
  const [row] = await database.batch("tenant", organizationId, 1, async (tx) =>
    rowsOf<{ seen: unknown }>(
      await tx.execute(sql`
        select json_build_object(
          'applications', coalesce((
            select json_agg(json_build_object('id', application_id, 'projectId', project_id, 'state', state,
              'reason', reason, 'changedAt', changed_at, 'sync', case when pending then 'pending'
                when revision is null then 'unchanged' when proven_revision >= revision then 'enforced'
                when loaded_revision >= revision then 'loaded' else 'applied' end))
            from (${exposures}) x), '[]'::json),
          'gateways', coalesce((
            select json_agg(json_build_object('id', g.gateway_id, 'cause', g.cause, 'condition', g.condition))
            from gateways g), '[]'::json),
          'entries', coalesce((
            select json_agg(json_build_object('auditId', e.audit_id, 'action', e.action, 'sequence', e.sequence))
            from (select audit_id, action, sequence from audit_entries
              where organization_id = ${organizationId} and sequence > ${since}::integer
              order by sequence limit ${mostAtOnce + 1}) e), '[]'::json),
          'sequence', coalesce((
            select max(sequence) from audit_entries where organization_id = ${organizationId}), 0),
          'indicator', (select i.indicator from (${selectIndicators(own, now)}) i)) as seen`),
    ),
  );
  const { applications, gateways, entries, sequence, indicator } = Read.parse(row?.seen);
  return {
    states: {
      applications: new Map(applications.map(({ id, ...state }) => [id, state])),
      gateways: new Map(gateways.map(({ id, ...state }) => [id, state])),
      sequence,
    },
    entries: entries.sort((one, other) => one.sequence - other.sequence),
    indicator,
  };
}
