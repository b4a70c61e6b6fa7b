import { sql } from "drizzle-orm";
import { boolean, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core";
import { createdAt, id } from "./columns";

/** The tenant. */
export const organizations = pgTable(
  "organizations",
  {
    organizationId: id("organization_id").primaryKey(),
    name: text("name").notNull(),
    slug: text("slug").notNull().unique(),
    /** Copied to `applications.access` when an application is made. */
    defaultAccess: text("default_access", { enum: ["public-when-empty", "protected"] })
      .notNull()
      .default("public-when-empty"),
    neverPublic: boolean("never_public").notNull().default(false),
    passwordPolicy: text("password_policy", { enum: ["advise", "enforce"] })
      .notNull()
      .default("advise"),
    /** `any`: loopback allowed, names are left to the gateway's resolver. `checked`: resolved here, no loopback. */
    upstreams: text("upstreams", { enum: ["any", "checked"] })
      .notNull()
      .default("checked"),
    /** The one that `setup` made: its owners also manage gateways. */
    founding: boolean("founding").notNull().default(false),
    createdAt: createdAt(),
  },
  (table) => [uniqueIndex("organizations_one_founding").on(table.founding).where(sql`founding`)],
);
