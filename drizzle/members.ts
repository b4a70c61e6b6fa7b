import { sql } from "drizzle-orm";
import { check, foreignKey, index, pgTable, primaryKey, text, unique } from "drizzle-orm/pg-core";
import { createdAt, id, moment, version } from "./columns";
import { organizations } from "./organizations";
import { projects } from "./projects";
import { roles } from "./roles";

/** A person. Each has one account for all organizations. */
export const users = pgTable("users", {
  userId: id("user_id").primaryKey(),
  /** Lower-case. */
  email: text("email").notNull().unique(),
  name: text("name"),
  /** The language of the console; null for the language of the browser. */
  locale: text("locale", { enum: ["en", "de"] }),
  version: version(),
  createdAt: createdAt(),
});

export const members = pgTable(
  "members",
  {
    memberId: id("member_id").primaryKey(),
    organizationId: id("organization_id")
      .notNull()
      .references(() => organizations.organizationId, { onDelete: "cascade" }),
    userId: id("user_id")
      .notNull()
      .references(() => users.userId, { onDelete: "cascade" }),
    /** A built-in role at the organization. If this and `roleId` are null, the person is a member of projects only. */
    role: text("role", { enum: ["viewer", "developer", "admin", "owner"] }),
    roleId: id("role_id"),
    version: version(),
    createdAt: createdAt(),
    /** When a session of the person was last used for this organization; at most a minute old while it is used. */
    lastSeenAt: moment("last_seen_at"),
  },
  (table) => [
    unique("members_once").on(table.organizationId, table.userId),
    unique("members_in_organization").on(table.organizationId, table.memberId),
    index("members_by_user").on(table.userId),
    foreignKey({
      columns: [table.organizationId, table.roleId],
      foreignColumns: [roles.organizationId, roles.roleId],
    }),
    index("members_by_role").on(table.roleId),
    check("members_one_role", sql`role is null or role_id is null`),
  ],
);

/** A role at one project. It adds to the role at the organization and never reduces it. */
export const projectRoles = pgTable(
  "project_roles",
  {
    projectRoleId: id("project_role_id").primaryKey(),
    organizationId: id("organization_id")
      .notNull()
      .references(() => organizations.organizationId, { onDelete: "cascade" }),
    projectId: id("project_id").notNull(),
    memberId: id("member_id").notNull(),
    role: text("role", { enum: ["viewer", "developer", "admin", "owner"] }),
    roleId: id("role_id"),
    createdAt: createdAt(),
  },
  (table) => [
    unique("project_roles_once").on(table.memberId, table.projectId),
    index("project_roles_by_project").on(table.projectId),
    index("project_roles_by_role").on(table.roleId),
    foreignKey({
      columns: [table.organizationId, table.roleId],
      foreignColumns: [roles.organizationId, roles.roleId],
    }),
    foreignKey({
      columns: [table.organizationId, table.projectId],
      foreignColumns: [projects.organizationId, projects.projectId],
    }).onDelete("cascade"),
    foreignKey({
      columns: [table.organizationId, table.memberId],
      foreignColumns: [members.organizationId, members.memberId],
    }).onDelete("cascade"),
    check("project_roles_one_role", sql`(role is null) <> (role_id is null)`),
  ],
);

/** Invites the owner of an e-mail address to become a member. An invitation can be used once, within seven days. */
export const invitations = pgTable(
  "invitations",
  {
    invitationId: id("invitation_id").primaryKey(),
    organizationId: id("organization_id")
      .notNull()
      .references(() => organizations.organizationId, { onDelete: "cascade" }),
    /** Lower-case; the account that accepts has this address. */
    email: text("email").notNull(),
    role: text("role", { enum: ["viewer", "developer", "admin", "owner"] }),
    roleId: id("role_id"),
    /** SHA-256 of the link's token, hex. */
    hash: text("hash").notNull().unique(),
    /** The inviting person's id, or null for the host's command line. */
    invitedBy: id("invited_by"),
    createdAt: createdAt(),
    expiresAt: moment("expires_at").notNull(),
    acceptedAt: moment("accepted_at"),
    revokedAt: moment("revoked_at"),
  },
  (table) => [
    index("invitations_by_organization").on(table.organizationId),
    index("invitations_by_role").on(table.roleId),
    foreignKey({
      columns: [table.organizationId, table.roleId],
      foreignColumns: [roles.organizationId, roles.roleId],
    }),
    check("invitations_one_role", sql`(role is null) <> (role_id is null)`),
  ],
);

/**
 * The sources of a member's role at the organization, if a provider's groups have assigned one: one row per source.
 * Without a row, a person or the host's command line assigned the role. A row named `hand` keeps the role that was
 * assigned that way before a group assigned one. Only the roles `identity` and `host` can read this table.
 */
export const memberRoles = pgTable(
  "member_roles",
  {
    organizationId: id("organization_id").notNull(),
    memberId: id("member_id").notNull(),
    /** A provider's id, `trusted_header`, or `hand`. */
    source: id("source").notNull(),
    role: text("role", { enum: ["viewer", "developer", "admin", "owner"] }),
    roleId: id("role_id"),
    /** The groups in the source's last statement, at most 200; empty for `hand`. */
    groups: text("groups").array().notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    primaryKey({ columns: [table.memberId, table.source] }),
    index("member_roles_by_source").on(table.source),
    index("member_roles_by_role").on(table.roleId),
    foreignKey({
      columns: [table.organizationId, table.memberId],
      foreignColumns: [members.organizationId, members.memberId],
    }).onDelete("cascade"),
    foreignKey({
      columns: [table.organizationId, table.roleId],
      foreignColumns: [roles.organizationId, roles.roleId],
    }),
  ],
);
