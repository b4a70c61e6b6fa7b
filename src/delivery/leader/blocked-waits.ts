import { type SQL, sql } from "drizzle-orm";
import { asSync } from "#src/database/as-sync";
import { type Database, rowsOf, type Transaction } from "#src/database/database";
import type { WaitTarget } from "#src/platform/waits";

/** One thing for which a target still waits. */
export interface Blocking {
  /** Null for a deny file. */
  readonly applicationId: string | null;
  /** It is delivered, and the gateway was not seen to enforce it yet. */
  readonly unproven: boolean;
}

/** Outbox rows read for one target. More are not needed for a hint, and the list is sent with each query. */
const rowsLookedAt = 50;

/**
 * Finds what each target still waits for; undefined if nothing blocks it. There is at most one statement for each kind
 * of target, and at most one row for each target. Because the sync role reads all organizations, rows count only if
 * they belong to the target's organization, and gateways only if that organization may use them.
 *
 * This is the rule of `progressOf` and of the reasons that end a wait, in SQL. A row of a gateway that is not visible
 * blocks nothing, because its wait ends with `no_gateway`.
 */
export function findBlocking(database: Database, targets: readonly WaitTarget[]): Promise<(Blocking | undefined)[]> {
  return asSync(database, async (tx) => {
    const found = new Map<number, Blocking>();
    for (const kind of ["change", "rows", "application"] as const) {
      const wanted = targets.flatMap((target, number) => (target.kind === kind ? [parameter(target, number)] : []));
      if (wanted.length === 0) continue;
      for (const { number, ...blocking } of await blockingOf(tx, wanted, sources[kind])) found.set(number, blocking);
    }
    return targets.map((_, number) => found.get(number));
  });
}

function parameter(target: WaitTarget, number: number) {
  if (target.kind !== "rows") return { ...target, number };
  const newest = [...target.rows].sort((one, other) => other - one).slice(0, rowsLookedAt);
  return { ...target, number, rows: newest };
}

/** The outbox rows of a target, as rows `c`. */
const sources: Readonly<Record<WaitTarget["kind"], SQL>> = {
  change: sql`(select c.gateway_id, c.application_id, c.delivered_in from changes c
    where c.change_id = w."changeId" and c.organization_id = w."organizationId")`,
  rows: sql`(select c.gateway_id, c.application_id, c.delivered_in from changes c
    where c.row in (select r::bigint from jsonb_array_elements_text(w.rows) r) and c.organization_id = w."organizationId")`,
  application: sql`(select c.gateway_id, c.application_id, w.revision as delivered_in from application_states c
    where c.application_id = w."applicationId" and c.organization_id = w."organizationId")`,
};

async function blockingOf(tx: Transaction, wanted: readonly object[], source: SQL) {
  return rowsOf<Blocking & { readonly number: number }>(
    await tx.execute(sql`
      select w.number, b."applicationId", b.unproven
      from jsonb_to_recordset(${JSON.stringify(wanted)}::text::jsonb) as w(number integer, "organizationId" text,
        state text, "changeId" text, rows jsonb, "applicationId" text, revision integer)
      cross join lateral (
        select c.application_id as "applicationId",
          c.delivered_in is not null and coalesce(s.proven_revision < s.revision, false) as unproven
        from ${source} c
        join gateways g on g.gateway_id = c.gateway_id
        left join application_states s on s.gateway_id = c.gateway_id and s.application_id = c.application_id
          and s.organization_id = w."organizationId"
        where exists (select 1 from organization_gateways o
            where o.gateway_id = c.gateway_id and o.organization_id = w."organizationId")
          and case
            when c.delivered_in is null then true
            when w.state = 'applied' or coalesce(s.proven_revision >= c.delivered_in, false) then false
            when w.state = 'loaded' then g.loaded_revision < c.delivered_in
            when s.application_id is null then g.loaded_revision < c.delivered_in
            else s.digest is not null or jsonb_array_length(s.probes) > 0
              or jsonb_array_length(coalesce(s.proof, '[]'::jsonb)) > 0
          end
        limit 1) b`),
  );
}
