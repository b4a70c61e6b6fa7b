import { sql } from "drizzle-orm";
import { index, integer, jsonb, pgTable, primaryKey, text, unique } from "drizzle-orm/pg-core";
import { createdAt, id, moment } from "./columns";

/** One entry for every change and every refused try. Append-only; outlives everything it names. */
export const auditEntries = pgTable(
  "audit_entries",
  {
    auditId: id("audit_id").primaryKey(),
    /** An organization's id; the installation's own for what belongs to none. */
    organizationId: id("organization_id").notNull(),
    actorKind: text("actor_kind", {
      enum: ["person", "apiKey", "serviceAccount", "commandLine", "system", "anonymous"],
    }).notNull(),
    actorId: text("actor_id"),
    /** What the actor was called then: an e-mail address, a key's name. */
    actorName: text("actor_name"),
    sessionId: id("session_id"),
    /** How the session was opened: `password,totp`. */
    authenticatedBy: text("authenticated_by"),
    apiKeyId: id("api_key_id"),
    requestId: id("request_id").notNull(),
    ip: text("ip"),
    /** `security.create`, `security.delete.last`, … */
    action: text("action").notNull(),
    outcome: text("outcome", { enum: ["done", "refused"] }).notNull(),
    /** For a refusal: its stable reason. */
    reason: text("reason"),
    objectKind: text("object_kind"),
    objectId: text("object_id"),
    /** What the object was called then. */
    objectName: text("object_name"),
    /** How many tries this entry stands for. */
    count: integer("count").notNull().default(1),
    /** Names and harmless values of the changed fields; never a secret or a hash. */
    changed: jsonb("changed").$type<Record<string, unknown>>(),
    createdAt: createdAt(),
    /** Place in the organization's chain, from 1; null until sealed. */
    sequence: integer("sequence"),
    /** SHA-256 over the previous entry's hash and this entry (see `src/audit/chain.ts`); null until sealed. */
    hash: text("hash"),
  },
  (table) => [
    unique("audit_entries_sequence").on(table.organizationId, table.sequence),
    index("audit_entries_by_organization").on(table.organizationId, table.auditId),
    index("audit_entries_unsealed").on(table.organizationId).where(sql`sequence is null`),
    index("audit_entries_by_object").on(table.organizationId, table.objectId, table.auditId),
    index("audit_entries_by_actor").on(table.organizationId, table.actorId, table.auditId),
    // A few bytes for a whole range of pages: entries come in the order of their time.
    index("audit_entries_by_time").using("brin", table.createdAt),
  ],
);

/** A refused try as it waits to be written down with others of its kind; moments as ISO 8601. */
export interface CountedTry
  extends Pick<
    typeof auditEntries.$inferSelect,
    | "auditId"
    | "organizationId"
    | "actorKind"
    | "actorId"
    | "actorName"
    | "sessionId"
    | "authenticatedBy"
    | "apiKeyId"
    | "requestId"
    | "ip"
    | "action"
    | "reason"
    | "objectKind"
    | "objectId"
    | "objectName"
    | "changed"
  > {
  readonly createdAt: string;
  /** So many of the first tries have entries of their own. */
  readonly onTheirOwn: number;
}

/** Refused tries of the present minute, counted: what there is of them beyond a few becomes one entry a minute. */
export const refusalCounts = pgTable(
  "refusal_counts",
  {
    /** The organization's id, or the installation's. */
    organizationId: id("organization_id").notNull(),
    minute: moment("minute").notNull(),
    /** What makes two tries the same: actor, network, action, reason. */
    key: text("key").notNull(),
    /** The first of them, and for how many there are entries already. */
    entry: jsonb("entry").$type<CountedTry>().notNull(),
    /** How many there were in all. */
    count: integer("count").notNull(),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.minute, table.key] })],
);

/** A signed statement of how far a chain reached, to be kept elsewhere: a tail that is cut off is missed by it. */
export const auditCheckpoints = pgTable(
  "audit_checkpoints",
  {
    organizationId: id("organization_id").notNull(),
    sequence: integer("sequence").notNull(),
    hash: text("hash").notNull(),
    /** `checkpoint`, or `removal`: everything up to `sequence` was removed by retention. */
    kind: text("kind", { enum: ["checkpoint", "removal"] }).notNull(),
    /** How many entries a removal took. */
    removed: integer("removed").notNull().default(0),
    /** HMAC-SHA-256 under the installation's key for checkpoints, base64url. */
    signature: text("signature").notNull(),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.kind, table.sequence] })],
);
