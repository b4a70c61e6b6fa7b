import { sql } from "drizzle-orm";
import type { StoredProof } from "../../drizzle/sync";
import { rowsOf, type Transaction } from "./database";

/** An outbox row that is waited for, with what is known of its gateway and application. */
export interface ProgressRow {
  readonly gatewayId: string;
  readonly applicationId: string | null;
  readonly deliveredIn: number | null;
  readonly deliveredAt: string | null;
  readonly loadedRevision: number;
  readonly loadedAt: string | null;
  readonly cause: string | null;
  readonly application: {
    readonly revision: number;
    readonly provenRevision: number;
    readonly provedAt: string | null;
    readonly unproven: string | null;
    /** Nothing is asked of it: it has no route there, and none was taken away. */
    readonly routed: boolean;
    readonly proof: readonly StoredProof[];
  } | null;
}

const columns = sql`
  g.loaded_revision as "loadedRevision", g.loaded_at as "loadedAt", g.cause,
  (select json_build_object('revision', s.revision, 'provenRevision', s.proven_revision, 'provedAt', s.proved_at,
     'unproven', s.unproven, 'proof', coalesce(s.proof, '[]'::jsonb),
     'routed', s.digest is not null or jsonb_array_length(s.probes) > 0 or jsonb_array_length(coalesce(s.proof, '[]'::jsonb)) > 0)
   from application_states s
   where s.gateway_id = c.gateway_id and s.application_id = c.application_id) as application`;

/** Every row of a change. */
export async function progressOfChange(tx: Transaction, changeId: string): Promise<ProgressRow[]> {
  return rowsOf(
    await tx.execute(sql`
      select c.gateway_id as "gatewayId", c.application_id as "applicationId", c.delivered_in as "deliveredIn",
        c.delivered_at as "deliveredAt", ${columns}
      from changes c join gateways g on g.gateway_id = c.gateway_id
      where c.change_id = ${changeId}`),
  );
}

/** The newest outbox row of an application now, per gateway: what a wait for it has to see, and nothing later. */
export async function newestChangesOf(tx: Transaction, applicationId: string): Promise<readonly number[]> {
  const rows = rowsOf<{ row: string | number }>(
    await tx.execute(sql`
      select c.row from changes c where c.application_id = ${applicationId} and c.delivered_in is null
      union all
      (select c.row from changes c where c.application_id = ${applicationId} and c.delivered_in is not null
        order by c.delivered_in desc limit 1)`),
  );
  return rows.map(({ row }) => Number(row));
}

/** These outbox rows. */
export async function progressOfRows(tx: Transaction, rows: readonly number[]): Promise<ProgressRow[]> {
  if (rows.length === 0) return [];
  const wanted = sql.join(
    rows.map((row) => sql`${row}::bigint`),
    sql`, `,
  );
  return rowsOf(
    await tx.execute(sql`
      select c.gateway_id as "gatewayId", c.application_id as "applicationId", c.delivered_in as "deliveredIn",
        c.delivered_at as "deliveredAt", ${columns}
      from changes c join gateways g on g.gateway_id = c.gateway_id
      where c.row in (${wanted})`),
  );
}

/** An application as it was last delivered, for one whose outbox rows were swept. */
export async function progressOfApplication(tx: Transaction, applicationId: string): Promise<ProgressRow[]> {
  return rowsOf(
    await tx.execute(sql`
      select c.gateway_id as "gatewayId", c.application_id as "applicationId", c.revision as "deliveredIn",
        c.delivered_at as "deliveredAt", ${columns}
      from application_states c join gateways g on g.gateway_id = c.gateway_id
      where c.application_id = ${applicationId}`),
  );
}
