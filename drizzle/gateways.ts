import { boolean, integer, jsonb, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import type { ForeignFile } from "../src/delivery/protocol/foreign-file";
import type { DeliveryCause, GatewayCondition } from "../src/platform/contract/sync-state";
import { createdAt, id, moment, version } from "./columns";
import { organizations } from "./organizations";

/** One Traefik installation that Portcullis configures. It belongs to the whole installation. */
export const gateways = pgTable("gateways", {
  gatewayId: id("gateway_id").primaryKey(),
  name: text("name").notNull().unique(),
  target: text("target", { enum: ["file"] }).notNull(),
  /** `host:port` of the visitors' entry point. */
  address: text("address").notNull(),
  /** `host:port` of the entry point that reports which revision the gateway serves. */
  probeAddress: text("probe_address").notNull(),
  /** If false, no tags are compiled, and no state beyond "loaded" can be observed. */
  tags: boolean("tags").notNull().default(true),
  tagKeySealed: text("tag_key_sealed").notNull(),
  probeHostSealed: text("probe_host_sealed").notNull(),
  /** The nonce in the folder's `gateway.json`; null until a process has claimed a folder. */
  nonce: text("nonce"),
  /** Renewed with each claim of a folder, to distinguish revisions of a restored database. */
  epoch: text("epoch").notNull(),
  /** The number of the last delivery, whether it was applied or not. */
  revision: integer("revision").notNull().default(0),
  /** Chained digest of the last applied delivery. */
  digest: text("digest").notNull().default(""),
  loadedRevision: integer("loaded_revision").notNull().default(0),
  loadedAt: moment("loaded_at"),
  leaseHolder: text("lease_holder"),
  leaseTerm: integer("lease_term").notNull().default(0),
  leaseUntil: moment("lease_until"),
  /** Why the last delivery failed; null if it did not fail. */
  cause: text("cause").$type<DeliveryCause>(),
  causeSince: moment("cause_since"),
  /** What the gateway does with its folder, as its leader last observed it; null before the first observation. */
  condition: text("condition").$type<GatewayCondition>(),
  conditionAt: moment("condition_at"),
  comparedAt: moment("compared_at"),
  /** Relevant foreign files in the watched folder, as found by the last full comparison. */
  foreignFiles: jsonb("foreign_files").$type<readonly ForeignFile[]>().notNull().default([]),
  version: version(),
  createdAt: createdAt(),
});

/** Which organizations may publish on which gateways. */
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
