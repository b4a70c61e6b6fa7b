import { sql } from "drizzle-orm";
import { boolean, foreignKey, index, integer, jsonb, pgTable, text, unique } from "drizzle-orm/pg-core";
import { applications } from "./applications";
import { createdAt, id, moment, version } from "./columns";
import { organizations } from "./organizations";

/** One upstream of a route. */
export interface StoredUpstream {
  /** The URL in the gateway's file. */
  readonly url: string;
  /** The URL in the request. */
  readonly given: string;
  readonly serverName: string | null;
}

export const routes = pgTable(
  "routes",
  {
    routeId: id("route_id").primaryKey(),
    organizationId: id("organization_id")
      .notNull()
      .references(() => organizations.organizationId),
    applicationId: id("application_id").notNull(),
    gatewayId: id("gateway_id").notNull(),
    host: text("host").notNull(),
    /**
     * Whole segments (`/admin`). The empty text means the whole host, so that the unique constraint below covers it.
     */
    pathPrefix: text("path_prefix").notNull().default(""),
    upstreams: jsonb("upstreams").$type<readonly StoredUpstream[]>().notNull(),
    /** The claim keys of its upstreams: every address and name that it may reach. */
    upstreamKeys: text("upstream_keys").array().notNull(),
    /** False: maintenance. Its place answers 403, and falls through to no other route. */
    enabled: boolean("enabled").notNull().default(true),
    version: version(),
    createdAt: createdAt(),
  },
  (table) => [
    unique("routes_place").on(table.gatewayId, table.host, table.pathPrefix),
    foreignKey({
      columns: [table.organizationId, table.applicationId],
      foreignColumns: [applications.organizationId, applications.applicationId],
    }).onDelete("cascade"),
    index("routes_by_application").on(table.applicationId),
    index("routes_by_organization").on(table.organizationId, table.applicationId),
    index("routes_by_upstream").using("gin", table.upstreamKeys),
  ],
);

/**
 * A host name or an upstream address that belongs to one organization on a gateway. It outlives the routes that use it.
 */
export const claims = pgTable(
  "claims",
  {
    claimId: id("claim_id").primaryKey(),
    organizationId: id("organization_id").notNull(),
    gatewayId: id("gateway_id").notNull(),
    kind: text("kind", { enum: ["host", "upstream"] }).notNull(),
    value: text("value").notNull(),
    /** For a host: the part after the first label, which finds overlaps with wildcards. */
    parent: text("parent"),
    wildcard: boolean("wildcard").notNull().default(false),
    /** For a host: the organization's deny file that names it. It does not change while the claim exists. */
    denyGroup: integer("deny_group"),
    /** When it ends by itself: 30 days after its organization was deleted; null while the organization exists. */
    endsAt: moment("ends_at"),
    createdAt: createdAt(),
  },
  (table) => [
    unique("claims_value").on(table.gatewayId, table.kind, table.value),
    index("claims_by_parent").on(table.gatewayId, table.parent).where(sql`kind = 'host'`),
    index("claims_by_organization").on(table.organizationId, table.gatewayId, table.denyGroup),
    index("claims_ending").on(table.endsAt).where(sql`ends_at is not null`),
  ],
);
