import { index, pgTable, text } from "drizzle-orm/pg-core";
import { createdAt, id, moment } from "./columns";
import { organizations } from "./organizations";

export const apiKeys = pgTable(
  "api_keys",
  {
    apiKeyId: id("api_key_id").primaryKey(),
    organizationId: id("organization_id")
      .notNull()
      .references(() => organizations.organizationId, { onDelete: "cascade" }),
    /** Who made it; null when the command line on the host did. */
    userId: id("user_id"),
    name: text("name").notNull(),
    role: text("role", { enum: ["viewer", "developer", "admin", "owner"] }).notNull(),
    /** SHA-256 of the key, hex. */
    hash: text("hash").notNull().unique(),
    createdAt: createdAt(),
    expiresAt: moment("expires_at"),
    revokedAt: moment("revoked_at"),
    lastUsedAt: moment("last_used_at"),
  },
  (table) => [index("api_keys_by_organization").on(table.organizationId)],
);
