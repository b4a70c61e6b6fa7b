import { sql } from "drizzle-orm";
import { index, integer, jsonb, pgTable, text, unique } from "drizzle-orm/pg-core";
import { createdAt, id } from "./columns";

/** One entry for every change and every refused try. Append-only; outlives everything it names. */
export const auditEntries = pgTable(
  "audit_entries",
  {
    auditId: id("audit_id").primaryKey(),
    organizationId: id("organization_id").notNull(),
    actorKind: text("actor_kind", { enum: ["apiKey", "commandLine", "system"] }).notNull(),
    actorId: text("actor_id"),
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
    /** Names and harmless values of the changed fields; never a secret or a hash. */
    changed: jsonb("changed").$type<Record<string, unknown>>(),
    createdAt: createdAt(),
    /** Place in the organization's chain, from 1; null until sealed. */
    sequence: integer("sequence"),
    /** SHA-256 over the previous entry's hash and this entry, hex; null until sealed. */
    hash: text("hash"),
  },
  (table) => [
    unique("audit_entries_sequence").on(table.organizationId, table.sequence),
    index("audit_entries_by_organization").on(table.organizationId, table.auditId),
    index("audit_entries_unsealed").on(table.organizationId).where(sql`sequence is null`),
  ],
);
