import { type SQL, sql } from "drizzle-orm";
import { rowsOf, type Transaction } from "../database/database";
import { aheadInSql, passedInSql } from "../database/moments-in-sql";
import { StoredUnprovenReason } from "../platform/contract/sync-state";
import { later } from "../platform/moment";
import type { Access, Intended, OpenedBy } from "../traefik/compiler/state";
import type { ExposureFacts } from "./exposure";

/** One row of `selectExposureFacts`. */
interface Row {
  readonly application_id: string;
  readonly access: Access;
  readonly opened_by: OpenedBy;
  readonly never_public: boolean;
  readonly has_credential: boolean;
  readonly has_valid_credential: boolean;
  readonly has_route: boolean;
  readonly pending: boolean;
  /** Null, with all fields from here to `proof_is_old`, if nothing was ever delivered. */
  readonly revision: number | null;
  readonly delivered_intended: Intended;
  readonly form: "stated" | "quarantined" | "closed";
  readonly proven_revision: number;
  readonly proved_at: string | null;
  readonly unproven: string | null;
  readonly proof_is_old: boolean;
  readonly loaded_revision: number;
  readonly failing: boolean;
}

/**
 * How long a proof is valid, in ms. Proofs are renewed within ten minutes while a process leads the gateway and the
 * gateway answers; this is three times as long.
 */
const proofHoldsForMs = 30 * 60_000;

/**
 * Selects what the exposure of applications depends on, one row each.
 * @param which a condition on an application `a` in its environment `e`
 */
export function selectExposureFacts(which: SQL, now: Date): SQL {
  return sql`
    select a.application_id, a.access, a.opened_by, o.never_public,
      exists (select 1 from security s where s.application_id = a.application_id) as has_credential,
      exists (select 1 from security s where s.application_id = a.application_id
        and (s.expires_at is null or ${aheadInSql(sql`s.expires_at`, now)})) as has_valid_credential,
      exists (select 1 from routes r where r.application_id = a.application_id) as has_route,
      exists (select 1 from changes c where c.application_id = a.application_id and c.delivered_in is null) as pending,
      d.revision, d.intended as delivered_intended, d.form, d.proven_revision, d.unproven,
      to_char(d.proved_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as proved_at,
      d.digest is not null and ${passedInSql(sql`d.proved_at`, later(now, -proofHoldsForMs))} as proof_is_old,
      g.loaded_revision, g.cause is not null as failing
    from applications a
      join environments e on e.environment_id = a.environment_id
      join organizations o on o.organization_id = a.organization_id
      join gateways g on g.gateway_id = a.gateway_id
      left join application_states d on d.application_id = a.application_id and d.gateway_id = a.gateway_id
    where ${which}`;
}

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
  const result = await tx.execute(selectExposureFacts(sql`a.application_id in (${wanted})`, now));
  return new Map(rowsOf<Row>(result).map((row) => [row.application_id, factsOf(row)]));
}

function factsOf(row: Row): ExposureFacts {
  return {
    access: row.access,
    openedBy: row.opened_by,
    neverPublic: row.never_public,
    // One entry stands for all of them: only whether there is one, and whether one is valid, counts.
    credentials: row.has_credential ? [{ valid: row.has_valid_credential }] : [],
    hasRoute: row.has_route,
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
          },
    loadedRevision: row.loaded_revision,
    failing: row.failing,
  };
}
