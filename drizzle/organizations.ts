import { sql } from "drizzle-orm";
import { boolean, integer, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core";
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
    root: boolean("root").notNull().default(false),
    /** Whoever lacks a second factor can only enrol one. */
    requireSecondFactor: boolean("require_second_factor").notNull().default(false),
    /** The longest that a new API key may live, in days; null for no limit. */
    maxKeyDays: integer("max_key_days"),
    /** Live keys that one member may have. */
    maxKeysPerMember: integer("max_keys_per_member").notNull().default(10),
    /** Requests per minute of each key, unless the key says otherwise; null for no limit. */
    keyRequestsPerMinute: integer("key_requests_per_minute"),
    createdAt: createdAt(),
  },
  (table) => [uniqueIndex("organizations_one_root").on(table.root).where(sql`root`)],
);
