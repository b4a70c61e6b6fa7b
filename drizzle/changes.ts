import { sql } from "drizzle-orm";
import { bigint, boolean, index, integer, pgTable } from "drizzle-orm/pg-core";
import { createdAt, id, moment } from "./columns";

/**
 * The outbox: one row per affected application and gateway. It has plain values, because the named rows may be deleted.
 */
export const changes = pgTable(
  "changes",
  {
    row: bigint("row", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    changeId: id("change_id").notNull(),
    organizationId: id("organization_id").notNull(),
    /** Null for a row about a deny file. */
    applicationId: id("application_id"),
    /** The affected deny file of the organization; null for an application's row. */
    denyGroup: integer("deny_group"),
    gatewayId: id("gateway_id").notNull(),
    /** The change removes or narrows something, so it is delivered before changes that only open. */
    closes: boolean("closes").notNull(),
    createdAt: createdAt(),
    /** The revision that carried it; null before that. */
    deliveredIn: integer("delivered_in"),
    deliveredAt: moment("delivered_at"),
  },
  (table) => [
    index("changes_pending").on(table.gatewayId, table.row).where(sql`delivered_in is null`),
    index("changes_pending_by_application").on(table.applicationId).where(sql`delivered_in is null`),
    index("changes_by_change").on(table.changeId),
    index("changes_by_application").on(table.applicationId, table.row),
    index("changes_delivered").on(table.deliveredAt).where(sql`delivered_in is not null`),
  ],
);
