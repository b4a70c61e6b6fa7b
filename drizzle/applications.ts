import { sql } from "drizzle-orm";
import { check, foreignKey, index, pgTable, text, unique } from "drizzle-orm/pg-core";
import { createdAt, id, moment, version } from "./columns";
import { gateways } from "./gateways";
import { organizations } from "./organizations";
import { environments } from "./projects";

export const applications = pgTable(
  "applications",
  {
    applicationId: id("application_id").primaryKey(),
    organizationId: id("organization_id")
      .notNull()
      .references(() => organizations.organizationId),
    environmentId: id("environment_id").notNull(),
    gatewayId: id("gateway_id")
      .notNull()
      .references(() => gateways.gatewayId),
    name: text("name").notNull(),
    slug: text("slug").notNull(),
    access: text("access", { enum: ["public-when-empty", "protected"] }).notNull(),
    /** The explicit act that left it without credentials. Every new credential sets it to null. */
    openedBy: text("opened_by", { enum: ["create", "delete", "access"] }),
    hashAlgorithm: text("hash_algorithm", { enum: ["apr1", "bcrypt"] })
      .notNull()
      .default("apr1"),
    /**
     * Since when it is closed by hand: no visitor gets in, whatever else holds. Null if it is not. The other fields say
     * why, and who closed it, by their kind, id and name in the audit log.
     */
    closedAt: moment("closed_at"),
    closedReason: text("closed_reason"),
    closedByKind: text("closed_by_kind", { enum: ["person", "serviceAccount", "apiKey", "commandLine", "system"] }),
    closedById: id("closed_by_id"),
    closedByName: text("closed_by_name"),
    version: version(),
    createdAt: createdAt(),
    /** When it, its credentials or its routes were last changed by someone; null if not since its creation. */
    changedAt: moment("changed_at"),
  },
  (table) => [
    check(
      "applications_closed",
      sql`(closed_at is null) = (closed_reason is null) and (closed_at is null) = (closed_by_kind is null)`,
    ),
    unique("applications_slug").on(table.organizationId, table.slug),
    unique("applications_in_organization").on(table.organizationId, table.applicationId),
    index("applications_by_environment").on(table.environmentId),
    foreignKey({
      columns: [table.organizationId, table.environmentId],
      foreignColumns: [environments.organizationId, environments.environmentId],
    }).onDelete("cascade"),
    index("applications_by_gateway").on(table.gatewayId, table.applicationId),
  ],
);
