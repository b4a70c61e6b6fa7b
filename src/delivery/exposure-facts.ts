import { sql } from "drizzle-orm";
import { rowsOf, type Transaction } from "../database/database";
import { aheadInSql, passedInSql } from "../database/moments-in-sql";
import { later } from "../platform/moment";
import type { Access, OpenedBy } from "../traefik/compiler/state";
import type { ExposureFacts } from "./exposure";

interface Row {
  readonly application_id: string;
  readonly closed_by_hand: boolean;
  readonly access: Access;
  readonly opened_by: OpenedBy;
  readonly never_public: boolean;
  readonly credentials: readonly boolean[] | null;
  readonly has_route: boolean;
  readonly has_enabled_route: boolean;
  readonly pending: boolean;
  readonly delivered: ExposureFacts["delivered"];
  readonly loaded_revision: number;
  readonly failing: boolean;
}

/**
 * How long a proof is valid, in ms. Proofs are renewed within ten minutes while a process leads the gateway and the
 * gateway answers; this is three times as long.
 */
const proofHoldsForMs = 30 * 60_000;

/** Reads the facts of these applications, by id, in one statement. */
export async function exposureFactsOf(
  tx: Transaction,
  applicationIds: readonly string[],
  now: Date,
): Promise<ReadonlyMap<string, ExposureFacts>> {
  if (applicationIds.length === 0) return new Map();
  const wanted = sql.join(
    applicationIds.map((id) => sql`${id}`),
    sql`, `,
  );
  const result = await tx.execute(sql`
    select a.application_id, a.closed_at is not null as closed_by_hand, a.access, a.opened_by, o.never_public,
      (select json_agg(s.expires_at is null or ${aheadInSql(sql`s.expires_at`, now)})
         from security s where s.application_id = a.application_id) as credentials,
      exists (select 1 from routes r where r.application_id = a.application_id) as has_route,
      exists (select 1 from routes r where r.application_id = a.application_id and r.enabled) as has_enabled_route,
      exists (select 1 from changes c where c.application_id = a.application_id and c.delivered_in is null) as pending,
      (select json_build_object('revision', d.revision, 'intended', d.intended, 'form', d.form,
         'provenRevision', d.proven_revision, 'unproven', d.unproven,
         'proofIsOld', d.digest is not null and ${passedInSql(sql`d.proved_at`, later(now, -proofHoldsForMs))},
         'provedAt', to_char(d.proved_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
         from application_states d
         where d.application_id = a.application_id and d.gateway_id = a.gateway_id) as delivered,
      g.loaded_revision, g.cause is not null as failing
    from applications a
      join organizations o on o.organization_id = a.organization_id
      join gateways g on g.gateway_id = a.gateway_id
    where a.application_id in (${wanted})`);
  return new Map(
    rowsOf<Row>(result).map((row) => [
      row.application_id,
      {
        closedByHand: row.closed_by_hand,
        access: row.access,
        openedBy: row.opened_by,
        neverPublic: row.never_public,
        credentials: (row.credentials ?? []).map((valid) => ({ valid })),
        hasRoute: row.has_route,
        hasEnabledRoute: row.has_enabled_route,
        pending: row.pending,
        delivered: row.delivered,
        loadedRevision: row.loaded_revision,
        failing: row.failing,
      },
    ]),
  );
}
