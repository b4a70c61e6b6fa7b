import { foreignKey, index, integer, pgTable, text } from "drizzle-orm/pg-core";
import { createdAt, id, moment } from "./columns";
import { organizations } from "./organizations";
import { roles, serviceAccounts } from "./roles";

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
    /** Whose it is, instead of a person's: it outlives whoever made it. */
    serviceAccountId: id("service_account_id"),
    /** What it may do at most: a built-in role, one of the organization's own, or words of the permission table. */
    role: text("role", { enum: ["viewer", "developer", "admin", "owner"] }),
    roleId: id("role_id"),
    scopes: text("scopes").array(),
    /** Of this project alone; a plain value, because a key outlives it and then does nothing. */
    projectId: id("project_id"),
    /** Addresses and networks it may come from; null for anywhere. */
    allowedIps: text("allowed_ips").array(),
    /** Null: the organization's own limit, if it has one. */
    requestsPerMinute: integer("requests_per_minute"),
    /** SHA-256 of the key, hex. */
    hash: text("hash").notNull().unique(),
    createdAt: createdAt(),
    expiresAt: moment("expires_at"),
    revokedAt: moment("revoked_at"),
    lastUsedAt: moment("last_used_at"),
    lastUsedIp: text("last_used_ip"),
    /** The key that takes its place; this one goes on until `expiresAt`. */
    rotatedTo: id("rotated_to"),
    /** The provider (or `trusted_header`) that opened the session in which the key was created; null for all others. */
    providerId: id("provider_id"),
  },
  (table) => [
    index("api_keys_by_organization").on(table.organizationId),
    index("api_keys_by_user").on(table.userId),
    index("api_keys_by_service_account").on(table.serviceAccountId),
    index("api_keys_by_role").on(table.roleId),
    foreignKey({
      columns: [table.organizationId, table.roleId],
      foreignColumns: [roles.organizationId, roles.roleId],
    }),
    foreignKey({
      columns: [table.organizationId, table.serviceAccountId],
      foreignColumns: [serviceAccounts.organizationId, serviceAccounts.serviceAccountId],
    }).onDelete("cascade"),
  ],
);

/** How often a key with a limit was used: this minute, and the one before, from which what still counts is reckoned. */
export const keyRequests = pgTable("key_requests", {
  apiKeyId: id("api_key_id")
    .primaryKey()
    .references(() => apiKeys.apiKeyId, { onDelete: "cascade" }),
  minute: moment("minute").notNull(),
  requests: integer("requests").notNull(),
  requestsBefore: integer("requests_before").notNull(),
});
