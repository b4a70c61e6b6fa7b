import { and, desc, eq, isNull, sql } from "drizzle-orm";
import { changes } from "#drizzle/schema";
import { onceAsSync } from "#src/database/as-sync";
import type { Database } from "#src/database/database";

/** The fields of an outbox row that delivery needs. */
export interface PendingChange {
  readonly row: number;
  readonly organizationId: string;
  readonly applicationId: string | null;
  readonly denyGroup: number | null;
  readonly closes: boolean;
}

/**
 * Reads pending rows of a gateway by id: denies and closing rows first, then the oldest. If there are more than one
 * delivery takes, no route goes before the deny of its host, and organizations take turns. A cursor is never used,
 * because it would skip rows that commit late.
 */
export function takeChanges(database: Database, gatewayId: string, limit: number): Promise<PendingChange[]> {
  return onceAsSync(database, (tx) =>
    tx
      .select({
        row: changes.row,
        organizationId: changes.organizationId,
        applicationId: changes.applicationId,
        denyGroup: changes.denyGroup,
        closes: changes.closes,
      })
      .from(changes)
      .where(and(eq(changes.gatewayId, gatewayId), isNull(changes.deliveredIn)))
      .orderBy(
        desc(goesFirst),
        sql`row_number() over (partition by ${goesFirst}, ${changes.organizationId} order by ${changes.row})`,
        changes.row,
      )
      .limit(limit),
  );
}

const goesFirst = sql`(${changes.closes} or ${changes.denyGroup} is not null)`;

/** Checks whether anything is pending for a gateway, and whether any of it closes. */
export function lookAtPending(database: Database, gatewayId: string): Promise<{ any: boolean; closes: boolean }> {
  return onceAsSync(database, async (tx) => {
    const [row] = await tx
      .select({ closes: sql<boolean | null>`bool_or(${changes.closes})` })
      .from(changes)
      .where(and(eq(changes.gatewayId, gatewayId), isNull(changes.deliveredIn)));
    const closes = row?.closes ?? null;
    return { any: closes !== null, closes: closes === true };
  });
}
