import { sql } from "drizzle-orm";
import { bigint, boolean, index, integer, pgTable } from "drizzle-orm/pg-core";
import { createdAt, id, moment } from "./columns";

/** The outbox: one row per application and gateway concerned. Plain values; what it names may be gone. */
export const changes = pgTable(
  "changes",
  {
    row: bigint("row", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    changeId: id("change_id").notNull(),
    organizationId: id("organization_id").notNull(),
    /** Null for a row that concerns a deny file instead. */
    applicationId: id("application_id"),
    /** Which of the organization's deny files is concerned; null for an application's row. */
    denyGroup: integer("deny_group"),
    gatewayId: id("gateway_id").notNull(),
    /** It removes or narrows something: it is delivered before what only opens. */
    closes: boolean("closes").notNull(),
    createdAt: createdAt(),
    /** The revision that carried it; null until then. */
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
