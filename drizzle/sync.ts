import { sql } from "drizzle-orm";
import { boolean, index, integer, jsonb, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import type { PlannedProbe, ProbeResult } from "../src/delivery/protocol/probe";
import type { AlarmReason, UnprovenReason } from "../src/platform/contract/sync-state";
import { createdAt, id, moment } from "./columns";

/** What one gateway last received for one application, and what was observed of it. */
export const applicationStates = pgTable(
  "application_states",
  {
    gatewayId: id("gateway_id").notNull(),
    applicationId: id("application_id").notNull(),
    organizationId: id("organization_id").notNull(),
    /** The delivery that last changed it. */
    revision: integer("revision").notNull(),
    /** SHA-256 of its file, hex; null if it has none. */
    digest: text("digest"),
    tag: text("tag").notNull(),
    intended: text("intended", { enum: ["public", "protected", "closed"] }).notNull(),
    form: text("form", { enum: ["stated", "quarantined", "closed"] }).notNull(),
    diagnostics: jsonb("diagnostics").$type<readonly { subject: string; problem: string }[]>().notNull(),
    probes: jsonb("probes").$type<readonly PlannedProbe[]>().notNull(),
    /** Its rows when it last compiled as stated; null before that. */
    lastGood: jsonb("last_good").$type<{ credentials: readonly string[]; routes: readonly string[] } | null>(),
    /**
     * The application was deleted. Its row stays for 30 days, so that its file is recognized as written by Portcullis.
     */
    removed: boolean("removed").notNull().default(false),
    deliveredAt: moment("delivered_at").notNull(),
    /** The revision that was last seen to be enforced. It is below `revision` while the newest is not proven. */
    provenRevision: integer("proven_revision").notNull().default(0),
    provedAt: moment("proved_at"),
    proof: jsonb("proof").$type<readonly ProbeResult[]>(),
    /** Why the newest revision is not proven. */
    unproven: text("unproven").$type<UnprovenReason>(),
    /**
     * The last alarm: when a visitor was let in where the gateway should refuse, and why. A new delivery leaves it; only
     * a proof or a refusal ends it.
     */
    alarmSince: moment("alarm_since"),
    alarmReason: text("alarm_reason").$type<AlarmReason>(),
    /** The last answer that let a visitor in. */
    alarmAnswer: jsonb("alarm_answer").$type<ProbeResult>(),
    /** Null while the alarm lasts. */
    alarmEndedAt: moment("alarm_ended_at"),
    /** When a process last began to send a message about an alarm. */
    alarmMailAt: moment("alarm_mail_at"),
    /** `alarmSince` of the last alarm that the owners received a message about. */
    alarmMailedSince: moment("alarm_mailed_since"),
  },
  (table) => [
    primaryKey({ columns: [table.gatewayId, table.applicationId] }),
    index("application_states_by_application").on(table.applicationId),
    index("application_states_by_organization").on(table.organizationId),
    index("application_states_alarms").on(table.organizationId).where(sql`alarm_since is not null`),
  ],
);

/** The numbered deliveries to a gateway. They are removed after 30 days. */
export const deliveries = pgTable(
  "deliveries",
  {
    gatewayId: id("gateway_id").notNull(),
    revision: integer("revision").notNull(),
    term: integer("term").notNull(),
    epoch: text("epoch").notNull(),
    digest: text("digest").notNull(),
    createdAt: createdAt(),
    appliedAt: moment("applied_at"),
    loadedAt: moment("loaded_at"),
  },
  (table) => [primaryKey({ columns: [table.gatewayId, table.revision] })],
);
