import { foreignKey, index, pgTable, text, unique } from "drizzle-orm/pg-core";
import { createdAt, id, version } from "./columns";
import { organizations } from "./organizations";

export const projects = pgTable(
  "projects",
  {
    projectId: id("project_id").primaryKey(),
    organizationId: id("organization_id")
      .notNull()
      .references(() => organizations.organizationId),
    name: text("name").notNull(),
    slug: text("slug").notNull(),
    version: version(),
    createdAt: createdAt(),
  },
  (table) => [
    unique("projects_slug").on(table.organizationId, table.slug),
    unique("projects_in_organization").on(table.organizationId, table.projectId),
  ],
);

export const environments = pgTable(
  "environments",
  {
    environmentId: id("environment_id").primaryKey(),
    organizationId: id("organization_id")
      .notNull()
      .references(() => organizations.organizationId),
    projectId: id("project_id").notNull(),
    name: text("name").notNull(),
    slug: text("slug").notNull(),
    kind: text("kind", { enum: ["development", "production"] }).notNull(),
    version: version(),
    createdAt: createdAt(),
  },
  (table) => [
    unique("environments_slug").on(table.organizationId, table.slug),
    unique("environments_in_organization").on(table.organizationId, table.environmentId),
    index("environments_by_project").on(table.projectId),
    foreignKey({
      columns: [table.organizationId, table.projectId],
      foreignColumns: [projects.organizationId, projects.projectId],
    }).onDelete("cascade"),
  ],
);
