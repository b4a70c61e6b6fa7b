import { pgTable, text, unique } from "drizzle-orm/pg-core";
import { createdAt, id } from "./columns";
import { organizations } from "./organizations";

/** A person; one account, whatever the number of organizations. */
export const users = pgTable("users", {
  userId: id("user_id").primaryKey(),
  /** Lower-case. */
  email: text("email").notNull().unique(),
  name: text("name"),
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
    role: text("role", { enum: ["viewer", "developer", "admin", "owner"] }).notNull(),
    createdAt: createdAt(),
  },
  (table) => [unique("members_once").on(table.organizationId, table.userId)],
);
