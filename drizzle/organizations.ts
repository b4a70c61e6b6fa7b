import { sql } from "drizzle-orm";
import { boolean, integer, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core";
import { createdAt, id, version } from "./columns";

/** The tenant. */
export const organizations = pgTable(
  "organizations",
  {
    organizationId: id("organization_id").primaryKey(),
    name: text("name").notNull(),
    slug: text("slug").notNull().unique(),
    /** Copied to `applications.access` when an application is created. */
    defaultAccess: text("default_access", { enum: ["public-when-empty", "protected"] })
      .notNull()
      .default("public-when-empty"),
    neverPublic: boolean("never_public").notNull().default(false),
    passwordPolicy: text("password_policy", { enum: ["advise", "enforce"] })
      .notNull()
      .default("advise"),
    /**
     * `any`: loopback is allowed, and the gateway resolves names. `checked`: names are resolved here, and loopback is
     * refused.
     */
    upstreams: text("upstreams", { enum: ["any", "checked"] })
      .notNull()
      .default("checked"),
    /** The organization that `setup` created. Its owners also manage gateways. */
    root: boolean("root").notNull().default(false),
    /** Members without a second factor can only enroll one. */
    requireSecondFactor: boolean("require_second_factor").notNull().default(false),
    /** The maximum lifetime of a new API key, in days; null for no limit. */
    maxKeyDays: integer("max_key_days"),
    /** The maximum number of valid keys per member. */
    maxKeysPerMember: integer("max_keys_per_member").notNull().default(10),
    /** Requests per minute of each key without a limit of its own; null for no limit. */
    keyRequestsPerMinute: integer("key_requests_per_minute"),
    version: version(),
    createdAt: createdAt(),
  },
  (table) => [uniqueIndex("organizations_one_root").on(table.root).where(sql`root`)],
);
