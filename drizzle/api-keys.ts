import { foreignKey, index, integer, pgTable, text } from "drizzle-orm/pg-core";
import { createdAt, id, moment, version } from "./columns";
import { organizations } from "./organizations";
import { roles, serviceAccounts } from "./roles";

export const apiKeys = pgTable(
  "api_keys",
  {
    apiKeyId: id("api_key_id").primaryKey(),
    organizationId: id("organization_id")
      .notNull()
      .references(() => organizations.organizationId, { onDelete: "cascade" }),
    /** The creator; null if the command line on the host created it. */
    userId: id("user_id"),
    name: text("name").notNull(),
    /** The service account that owns it, if it is not a person's key. The key outlives its creator. */
    serviceAccountId: id("service_account_id"),
    /** The upper limit of its permissions: a built-in role, a role of the organization, or a list of permissions. */
    role: text("role", { enum: ["viewer", "developer", "admin", "owner"] }),
    roleId: id("role_id"),
    scopes: text("scopes").array(),
    /** Limits the key to this project. A plain value, because a key outlives its project and then has no effect. */
    projectId: id("project_id"),
    /** Addresses and networks from which it may be used; null for any. */
    allowedIps: text("allowed_ips").array(),
    /** Null means the organization's limit, if there is one. */
    requestsPerMinute: integer("requests_per_minute"),
    /** SHA-256 of the key, hex. */
    hash: text("hash").notNull().unique(),
    version: version(),
    createdAt: createdAt(),
    expiresAt: moment("expires_at"),
    revokedAt: moment("revoked_at"),
    lastUsedAt: moment("last_used_at"),
    lastUsedIp: text("last_used_ip"),
    /** The key that replaces it. This key stays valid until `expiresAt`. */
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

/** Counts requests of a key with a limit: in this minute and in the previous one, a share of which still counts. */
export const keyRequests = pgTable("key_requests", {
  apiKeyId: id("api_key_id")
    .primaryKey()
    .references(() => apiKeys.apiKeyId, { onDelete: "cascade" }),
  minute: moment("minute").notNull(),
  requests: integer("requests").notNull(),
  requestsBefore: integer("requests_before").notNull(),
});
