import { sql } from "drizzle-orm";
import { index, integer, jsonb, pgTable, primaryKey, text, unique } from "drizzle-orm/pg-core";
import { createdAt, id, moment } from "./columns";

/** One entry for every change and every refused attempt. Append-only. An entry outlives everything that it names. */
export const auditEntries = pgTable(
  "audit_entries",
  {
    auditId: id("audit_id").primaryKey(),
    /** The organization's id, or the installation's id if the entry belongs to no organization. */
    organizationId: id("organization_id").notNull(),
    actorKind: text("actor_kind", {
      enum: ["person", "apiKey", "serviceAccount", "commandLine", "system", "anonymous"],
    }).notNull(),
    actorId: text("actor_id"),
    /** The actor's name at that time: an e-mail address, or a key's name. */
    actorName: text("actor_name"),
    sessionId: id("session_id"),
    /** The methods that opened the session: `password,totp`. */
    authenticatedBy: text("authenticated_by"),
    apiKeyId: id("api_key_id"),
    requestId: id("request_id").notNull(),
    ip: text("ip"),
    /** `security.create`, `security.delete.last`, … */
    action: text("action").notNull(),
    outcome: text("outcome", { enum: ["done", "refused"] }).notNull(),
    /** The stable reason of a refusal. */
    reason: text("reason"),
    objectKind: text("object_kind"),
    objectId: text("object_id"),
    /** The object's name at that time. */
    objectName: text("object_name"),
    /** How many attempts this entry represents. */
    count: integer("count").notNull().default(1),
    /** Names and non-secret values of the changed fields; never a secret or a hash. */
    changed: jsonb("changed").$type<Record<string, unknown>>(),
    createdAt: createdAt(),
    /** Position in the organization's chain, from 1; null until sealed. */
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
    // This index needs only a few bytes per range of pages, because entries are stored in the order of their time.
    index("audit_entries_by_time").using("brin", table.createdAt),
  ],
);

/** A refused attempt that waits to be recorded with others of its kind. Times are ISO 8601. */
export interface CountedAttempt
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
  /** How many of the first attempts have entries of their own. */
  readonly onTheirOwn: number;
}

/** Counts of refused attempts in the present minute. All attempts beyond the first few become one entry per minute. */
export const refusalCounts = pgTable(
  "refusal_counts",
  {
    /** The organization's id, or the installation's id. */
    organizationId: id("organization_id").notNull(),
    minute: moment("minute").notNull(),
    /** What makes two attempts equal: actor, network, action, reason. */
    key: text("key").notNull(),
    /** The first of the attempts, and the number of them that already have entries. */
    entry: jsonb("entry").$type<CountedAttempt>().notNull(),
    /** The total number of attempts. */
    count: integer("count").notNull(),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.minute, table.key] })],
);

/** A signed statement of how far a chain reached, to be kept elsewhere. It reveals a chain whose end was removed. */
export const auditCheckpoints = pgTable(
  "audit_checkpoints",
  {
    organizationId: id("organization_id").notNull(),
    sequence: integer("sequence").notNull(),
    hash: text("hash").notNull(),
    /** `checkpoint`, or `removal`: retention removed everything up to `sequence`. */
    kind: text("kind", { enum: ["checkpoint", "removal"] }).notNull(),
    /** How many entries a removal deleted. */
    removed: integer("removed").notNull().default(0),
    /** HMAC-SHA-256 under the installation's key for checkpoints, base64url. */
    signature: text("signature").notNull(),
    createdAt: createdAt(),
  },
  (table) => [primaryKey({ columns: [table.organizationId, table.kind, table.sequence] })],
);
