import { sql } from "drizzle-orm";
import { check, foreignKey, index, pgTable, text, unique } from "drizzle-orm/pg-core";
import { createdAt, id, version } from "./columns";
import { organizations } from "./organizations";

/** A role that an organization defines from permissions. */
export const roles = pgTable(
  "roles",
  {
    roleId: id("role_id").primaryKey(),
    organizationId: id("organization_id")
      .notNull()
      .references(() => organizations.organizationId, { onDelete: "cascade" }),
    name: text("name").notNull(),
    /** Names of permissions. A name that no longer exists grants nothing. */
    permissions: text("permissions").array().notNull(),
    version: version(),
    createdAt: createdAt(),
  },
  (table) => [
    unique("roles_name").on(table.organizationId, table.name),
    unique("roles_in_organization").on(table.organizationId, table.roleId),
  ],
);

/** An automation account of an organization. It has a role and keys, outlives its creator, and cannot sign in. */
export const serviceAccounts = pgTable(
  "service_accounts",
  {
    serviceAccountId: id("service_account_id").primaryKey(),
    organizationId: id("organization_id")
      .notNull()
      .references(() => organizations.organizationId, { onDelete: "cascade" }),
    name: text("name").notNull(),
    role: text("role", { enum: ["viewer", "developer", "admin", "owner"] }),
    roleId: id("role_id"),
    version: version(),
    createdAt: createdAt(),
  },
  (table) => [
    unique("service_accounts_name").on(table.organizationId, table.name),
    unique("service_accounts_in_organization").on(table.organizationId, table.serviceAccountId),
    index("service_accounts_by_role").on(table.roleId),
    foreignKey({
      columns: [table.organizationId, table.roleId],
      foreignColumns: [roles.organizationId, roles.roleId],
    }),
    check("service_accounts_one_role", sql`(role is null) <> (role_id is null)`),
  ],
);
