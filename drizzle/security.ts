import { foreignKey, index, integer, pgTable, text, unique } from "drizzle-orm/pg-core";
import { applications } from "./applications";
import { createdAt, id, moment, version } from "./columns";
import { organizations } from "./organizations";

/** Basic-auth credentials of applications. */
export const security = pgTable(
  "security",
  {
    securityId: id("security_id").primaryKey(),
    organizationId: id("organization_id")
      .notNull()
      .references(() => organizations.organizationId),
    applicationId: id("application_id").notNull(),
    username: text("username").notNull(),
    /** The gateway's hash, sealed for `security:hash:<securityId>`. */
    hashSealed: text("hash_sealed").notNull(),
    hashAlgorithm: text("hash_algorithm", { enum: ["apr1", "bcrypt"] }).notNull(),
    /** The binary logarithm of the rounds of bcrypt. Null for apr1, and for bcrypt hashes of earlier versions: 10. */
    hashCost: integer("hash_cost"),
    version: version(),
    createdAt: createdAt(),
    passwordChangedAt: moment("password_changed_at").notNull(),
    expiresAt: moment("expires_at"),
    lastUsedAt: moment("last_used_at"),
  },
  (table) => [
    unique("security_username").on(table.applicationId, table.username),
    index("security_by_organization").on(table.organizationId, table.applicationId),
    foreignKey({
      columns: [table.organizationId, table.applicationId],
      foreignColumns: [applications.organizationId, applications.applicationId],
    }).onDelete("cascade"),
  ],
);
