import { and, eq, gte, inArray, isNotNull, lt, sql } from "drizzle-orm";
import { applicationStates, changes, deliveries, gateways } from "#drizzle/schema";
import { asSync } from "#src/database/as-sync";
import { type Database, rowsOf } from "#src/database/database";
import { reachedInSql } from "#src/database/moments-in-sql";
import { newId } from "#src/platform/ids";

/** Rows that one transaction removes. */
const sweptAtOnce = 1_000;
/** Claims that one transaction ends. */
const claimsAtOnce = 100;

/** Removes outbox rows that were delivered before `before`; returns whether there may be more. */
export function sweepChanges(database: Database, before: Date): Promise<boolean> {
  return asSync(database, async (tx) => {
    const old = tx
      .select({ row: changes.row })
      .from(changes)
      .where(and(isNotNull(changes.deliveredIn), reachedInSql(changes.deliveredAt, before)))
      .limit(sweptAtOnce);
    const gone = await tx.delete(changes).where(inArray(changes.row, old)).returning({ row: changes.row });
    return gone.length === sweptAtOnce;
  });
}

/** Removes deliveries from before `before`, except those that the gateway may serve or has not loaded yet. */
export function sweepDeliveries(database: Database, before: Date): Promise<boolean> {
  return asSync(database, async (tx) => {
    const old = tx
      .select({ row: sql<string>`${deliveries.gatewayId} || ' ' || ${deliveries.revision}` })
      .from(deliveries)
      .innerJoin(gateways, eq(gateways.gatewayId, deliveries.gatewayId))
      .where(and(reachedInSql(deliveries.createdAt, before), lt(deliveries.revision, gateways.loadedRevision)))
      .limit(sweptAtOnce);
    const gone = await tx
      .delete(deliveries)
      .where(inArray(sql`${deliveries.gatewayId} || ' ' || ${deliveries.revision}`, old))
      .returning({ revision: deliveries.revision });
    return gone.length === sweptAtOnce;
  });
}

/** Removes the states of applications that have been gone, and proven gone, since before `before`. */
export function sweepRemoved(database: Database, before: Date): Promise<unknown> {
  return asSync(database, (tx) =>
    tx
      .delete(applicationStates)
      .where(
        and(
          eq(applicationStates.removed, true),
          reachedInSql(applicationStates.deliveredAt, before),
          gte(applicationStates.provenRevision, applicationStates.revision),
        ),
      ),
  );
}

/**
 * Ends the claims that are due at `now`, and requests delivery of the deny files that named their hosts.
 * @returns whether there may be more
 */
export function sweepClaims(database: Database, now: Date): Promise<boolean> {
  return asSync(database, async (tx) => {
    const ended = rowsOf<{ organizationId: string; gatewayId: string; denyGroup: number | null }>(
      await tx.execute(
        sql`select swept_organization_id as "organizationId", swept_gateway_id as "gatewayId", swept_deny_group as "denyGroup"
            from portcullis_sweep_claims(${now.toISOString()}::timestamptz, ${claimsAtOnce})`,
      ),
    );
    const denies = new Map(
      ended.filter(({ denyGroup }) => denyGroup !== null).map((deny) => [Object.values(deny).join(" "), deny]),
    );
    const changeId = newId("change");
    const rows = [...denies.values()].map((deny) => ({ ...deny, changeId, closes: false, createdAt: now }));
    if (rows.length > 0) await tx.insert(changes).values(rows);
    return ended.length === claimsAtOnce;
  });
}
