import { type SQL, sql } from "drizzle-orm";
import { rowsOf, type Transaction } from "../database/database";
import type { ProbeResult } from "./protocol/probe";

/** An awaited outbox row, with the state of its gateway and application. */
export interface ProgressRow {
  readonly gatewayId: string;
  readonly applicationId: string | null;
  readonly deliveredIn: number | null;
  readonly deliveredAt: string | null;
  /** Null if the gateway was deleted, or the organization may no longer use it. */
  readonly gateway: {
    readonly loadedRevision: number;
    readonly loadedAt: string | null;
    readonly cause: string | null;
  } | null;
  readonly application: {
    readonly revision: number;
    readonly deliveredAt: string;
    readonly provenRevision: number;
    readonly provedAt: string | null;
    readonly unproven: string | null;
    /** False if there is nothing to probe: the application has no route there, and none was removed. */
    readonly routed: boolean;
    readonly proof: readonly ProbeResult[];
  } | null;
}

/** What a wait for an application covers, as of the start of the wait. */
export interface AwaitedChanges {
  readonly rows: readonly number[];
  /** The last delivery that contained it, if its outbox rows were swept. */
  readonly revision: number | null;
}

const gatewayAndApplication = sql`
  (select json_build_object('loadedRevision', g.loaded_revision, 'loadedAt', g.loaded_at, 'cause', g.cause)
   from gateways g where g.gateway_id = c.gateway_id) as gateway,
  (select json_build_object('revision', s.revision, 'deliveredAt', s.delivered_at, 'provenRevision', s.proven_revision,
     'provedAt', s.proved_at, 'unproven', s.unproven, 'proof', coalesce(s.proof, '[]'::jsonb),
     'routed', s.digest is not null or jsonb_array_length(s.probes) > 0 or jsonb_array_length(coalesce(s.proof, '[]'::jsonb)) > 0)
   from application_states s
   where s.gateway_id = c.gateway_id and s.application_id = c.application_id) as application`;

/** Reads every row of a change. */
export function progressOfChange(tx: Transaction, changeId: string): Promise<ProgressRow[]> {
  return progressOfChangesWhere(tx, sql`c.change_id = ${changeId}`);
}

/** Reads these outbox rows. */
export async function progressOfRows(tx: Transaction, rows: readonly number[]): Promise<ProgressRow[]> {
  if (rows.length === 0) return [];
  const wanted = sql.join(
    rows.map((row) => sql`${row}::bigint`),
    sql`, `,
  );
  return progressOfChangesWhere(tx, sql`c.row in (${wanted})`);
}

async function progressOfChangesWhere(tx: Transaction, which: SQL): Promise<ProgressRow[]> {
  return rowsOf(
    await tx.execute(sql`
      select c.gateway_id as "gatewayId", c.application_id as "applicationId", c.delivered_in as "deliveredIn",
        c.delivered_at as "deliveredAt", ${gatewayAndApplication}
      from changes c where ${which} order by c.row`),
  );
}

/**
 * Finds what must complete for every change of an application that is committed now, and no later one: its pending
 * rows, or if none is pending the row that was delivered last, and the denies of its changes that the gateway does not
 * have yet.
 */
export async function awaitedChangesOf(tx: Transaction, applicationId: string): Promise<AwaitedChanges> {
  const found = rowsOf<{ row: string | number }>(
    await tx.execute(sql`
      select c.row from changes c where c.application_id = ${applicationId} and c.delivered_in is null
      union all
      (select c.row from changes c where c.application_id = ${applicationId} and c.delivered_in is not null
        and not exists (select 1 from changes p where p.application_id = ${applicationId} and p.delivered_in is null)
        order by c.delivered_in desc, c.row desc limit 1)
      union all
      select d.row from changes d join gateways g on g.gateway_id = d.gateway_id
        where d.application_id is null and (d.delivered_in is null or d.delivered_in > g.loaded_revision)
          and d.change_id in (select c.change_id from changes c where c.application_id = ${applicationId})`),
  );
  if (found.length > 0) return { rows: found.map(({ row }) => Number(row)), revision: null };
  const [state] = rowsOf<{ revision: number }>(
    await tx.execute(sql`
      select max(s.revision) as revision from application_states s where s.application_id = ${applicationId}`),
  );
  return { rows: [], revision: state?.revision ?? null };
}

/** The progress of an application whose outbox rows were swept, as delivered by `revision` or later. */
export async function progressOfApplication(
  tx: Transaction,
  applicationId: string,
  revision: number,
): Promise<ProgressRow[]> {
  return rowsOf(
    await tx.execute(sql`
      select c.gateway_id as "gatewayId", c.application_id as "applicationId", ${revision}::integer as "deliveredIn",
        case when c.revision = ${revision}::integer then c.delivered_at end as "deliveredAt", ${gatewayAndApplication}
      from application_states c where c.application_id = ${applicationId}`),
  );
}
