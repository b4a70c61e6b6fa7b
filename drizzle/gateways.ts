import { boolean, integer, jsonb, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { createdAt, id, moment } from "./columns";
import { organizations } from "./organizations";

/** A file that somebody else put where the gateway reads. */
export interface ForeignFile {
  /** Below the watched folder. */
  readonly path: string;
  /** `refused` freezes every file of the gateway. `unknown`: only the gateway knows what it does with the file. */
  readonly problem: "refused" | "unknown" | "defines_our_name" | "routes_managed_host" | "named_like_ours";
  /** What exactly: a stable reason, a name or a host. */
  readonly detail: string;
}

/** One Traefik installation that gets its configuration from here. Belongs to the whole installation. */
export const gateways = pgTable("gateways", {
  gatewayId: id("gateway_id").primaryKey(),
  name: text("name").notNull().unique(),
  target: text("target", { enum: ["file"] }).notNull(),
  /** `host:port` of the visitors' entry point. */
  address: text("address").notNull(),
  /** `host:port` of the entry point on which the gateway is asked which revision it serves. */
  probeAddress: text("probe_address").notNull(),
  /** Off: no tags are compiled, and "loaded" is all that can be known. */
  tags: boolean("tags").notNull().default(true),
  tagKeySealed: text("tag_key_sealed").notNull(),
  probeHostSealed: text("probe_host_sealed").notNull(),
  /** The same as in the folder's `gateway.json`; null until a process has claimed a folder. */
  nonce: text("nonce"),
  /** Made anew with each claim of a folder, so that revisions of a restored database are told apart. */
  epoch: text("epoch").notNull(),
  /** The last number given to a delivery, applied or not. */
  revision: integer("revision").notNull().default(0),
  /** Chained digest of the last delivery that was applied. */
  digest: text("digest").notNull().default(""),
  loadedRevision: integer("loaded_revision").notNull().default(0),
  loadedAt: moment("loaded_at"),
  leaseHolder: text("lease_holder"),
  leaseTerm: integer("lease_term").notNull().default(0),
  leaseUntil: moment("lease_until"),
  /** Why the last delivery failed, in words for a person; null when it did not. */
  cause: text("cause"),
  causeSince: moment("cause_since"),
  comparedAt: moment("compared_at"),
  /** Files in the watched folder that are not ours and matter, as the last full comparison found them. */
  foreignFiles: jsonb("foreign_files").$type<readonly ForeignFile[]>().notNull().default([]),
  createdAt: createdAt(),
});

/** Which organizations may publish on which gateway. */
export const organizationGateways = pgTable(
  "organization_gateways",
  {
    organizationId: id("organization_id")
      .notNull()
      .references(() => organizations.organizationId, { onDelete: "cascade" }),
    gatewayId: id("gateway_id")
      .notNull()
      .references(() => gateways.gatewayId, { onDelete: "cascade" }),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.gatewayId] })],
);
