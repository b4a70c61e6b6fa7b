import { and, eq, gt, inArray, isNull, lt, ne, or, sql } from "drizzle-orm";
import { applicationStates, applications, auditEntries, changes, claims } from "#drizzle/schema";
import { asSync, onceAsSync } from "#src/database/as-sync";
import type { Database, Transaction } from "#src/database/database";
import type { UnprovenReason } from "#src/platform/contract/sync-state";
import { newId } from "#src/platform/ids";
import type { ProbeResult, ProofTask } from "../protocol/probe";
import type { JudgedProof } from "./alarm";
import { type Lease, requireLease } from "./lease";

/** Reads the proof tasks of these applications, as they were last delivered. */
export function readProofTasks(
  database: Database,
  gatewayId: string,
  applicationIds: readonly string[],
): Promise<ProofTask[]> {
  if (applicationIds.length === 0) return Promise.resolve([]);
  return onceAsSync(database, async (tx) => {
    const rows = await tx
      .select(taskColumns)
      .from(applicationStates)
      .where(
        and(eq(applicationStates.gatewayId, gatewayId), inArray(applicationStates.applicationId, [...applicationIds])),
      );
    return rows.map(proofTask);
  });
}

/**
 * Lists applications whose newest delivery was proven, after `after`, in order. These are probed again periodically.
 */
export function pageOfProven(
  database: Database,
  gatewayId: string,
  after: string,
  limit: number,
): Promise<ProofTask[]> {
  return onceAsSync(database, async (tx) => {
    const rows = await tx
      .select(taskColumns)
      .from(applicationStates)
      .where(
        and(
          eq(applicationStates.gatewayId, gatewayId),
          gt(applicationStates.applicationId, after),
          eq(applicationStates.provenRevision, applicationStates.revision),
          eq(applicationStates.removed, false),
        ),
      )
      .orderBy(applicationStates.applicationId)
      .limit(limit);
    return rows.map(proofTask);
  });
}

const taskColumns = {
  applicationId: applicationStates.applicationId,
  organizationId: applicationStates.organizationId,
  revision: applicationStates.revision,
  provenRevision: applicationStates.provenRevision,
  intended: applicationStates.intended,
  tag: applicationStates.tag,
  probes: applicationStates.probes,
};

type TaskRow = Pick<typeof applicationStates.$inferSelect, keyof typeof taskColumns>;

function proofTask({ provenRevision, intended, ...row }: TaskRow): ProofTask {
  return { ...row, isPublic: intended === "public", wasProven: provenRevision >= row.revision };
}

/** An alarm that began or ended. */
export interface AlarmChange {
  readonly applicationId: string;
  readonly organizationId: string;
  /** Null if the application was deleted. */
  readonly name: string | null;
  readonly change: "began" | "ended";
  readonly reason: UnprovenReason | null;
  readonly answer: ProbeResult | null;
}

/** What was stored. */
export interface RecordedProofs {
  readonly applicationIds: ReadonlySet<string>;
  readonly alarms: readonly AlarmChange[];
}

/**
 * Stores observed results, for each application only while the probed revision is still its newest. An application that
 * is no longer proven loses its proven revision. The beginning and the end of an alarm are recorded in the audit log, in
 * the same transaction.
 * @throws LeaseLost
 */
export function recordProofs(
  database: Database,
  lease: Lease,
  results: readonly JudgedProof[],
  now: Date,
): Promise<RecordedProofs> {
  const rows = results.map((result) => ({ ...result, answer: result.proof.find(({ why }) => why === result.why) }));
  const seen = sql`(
    select r.*, s.alarm_since is not null and s.alarm_ended_at is null as "wasExposed"
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as r("applicationId" text, "revision" integer, "why" text, "proof" jsonb, "alarm" text, "answer" jsonb)
      join ${applicationStates} s on s.gateway_id = ${lease.gatewayId} and s.application_id = r."applicationId"
    for update of s
  ) seen`;
  const isProven = sql`seen."why" is null`;
  const isLetIn = sql`(seen."alarm" = 'begins' and not ${mayBeNewer})`;
  const begins = sql`(${isLetIn} and not seen."wasExposed")`;
  const ends = sql`(seen."alarm" = 'ends' and seen."wasExposed")`;
  const at = sql`${now.toISOString()}::timestamptz`;
  return asSync(database, async (tx) => {
    const [, stored] = await Promise.all([
      requireLease(tx, lease),
      tx
        .update(applicationStates)
        .set({
          proof: sql`seen."proof"`,
          unproven: sql`seen."why"`,
          // What an earlier delivery was seen to enforce no longer counts either.
          provenRevision: sql`case when ${isProven} then seen."revision" else 0 end`,
          provedAt: sql`case when ${isProven} then ${at} else ${applicationStates.provedAt} end`,
          probes: sql`case when ${isProven} then ${withoutGone} else ${applicationStates.probes} end`,
          alarmSince: sql`case when ${begins} then ${at} else ${applicationStates.alarmSince} end`,
          alarmReason: sql`case when ${isLetIn} then seen."why" else ${applicationStates.alarmReason} end`,
          alarmAnswer: sql`case when ${isLetIn} then seen."answer" else ${applicationStates.alarmAnswer} end`,
          alarmEndedAt: sql`case when ${begins} then null when ${ends} then ${at}
            else ${applicationStates.alarmEndedAt} end`,
        })
        .from(seen)
        .where(
          and(
            eq(applicationStates.gatewayId, lease.gatewayId),
            eq(applicationStates.applicationId, sql`seen."applicationId"`),
            eq(applicationStates.revision, sql`seen."revision"`),
          ),
        )
        .returning({
          applicationId: applicationStates.applicationId,
          organizationId: applicationStates.organizationId,
          name: sql<string | null>`(select ${applications.name} from ${applications}
            where ${applications.applicationId} = ${applicationStates.applicationId})`,
          change: sql<AlarmChange["change"] | null>`case when ${begins} then 'began' when ${ends} then 'ended' end`,
          reason: applicationStates.alarmReason,
          answer: applicationStates.alarmAnswer,
        }),
    ]);
    const alarms = stored.flatMap(({ change, ...alarm }) => (change === null ? [] : [{ ...alarm, change }]));
    if (alarms.length > 0) await tx.insert(auditEntries).values(alarms.map((alarm) => entryOf(alarm, lease, now)));
    return { applicationIds: new Set(stored.map(({ applicationId }) => applicationId)), alarms };
  });
}

/**
 * The tag in the answer may be of a newer compile of the same application, if its delivery is not recorded yet. Then the
 * answer says nothing about this one.
 */
const mayBeNewer = sql`(seen."why" = 'let_in_by_other_compile' and exists (
  select 1 from ${changes} where ${changes.applicationId} = seen."applicationId" and ${changes.deliveredIn} is null))`;

/** The words of the audit log for an alarm. */
const alarmActions = { began: "applications.exposed", ended: "applications.exposed.ended" } as const;

function entryOf(
  { applicationId, organizationId, name, change, reason, answer }: AlarmChange,
  { gatewayId }: Lease,
  now: Date,
): typeof auditEntries.$inferInsert {
  return {
    auditId: newId("audit"),
    organizationId,
    actorKind: "system",
    requestId: newId("request"),
    action: alarmActions[change],
    outcome: "done",
    objectKind: "application",
    objectId: applicationId,
    objectName: name,
    changed: { gatewayId, why: reason, request: answer?.request ?? null, status: answer?.status ?? null },
    createdAt: now,
  };
}

/** The place of a removed route is not probed again after the route was seen gone: another tenant may use it now. */
const withoutGone = sql`coalesce((select jsonb_agg(p) from jsonb_array_elements(${applicationStates.probes}) p where p->>'expect' <> 'gone'), '[]'::jsonb)`;

/**
 * Records for every application with an unproven delivery above `above` why it is unproven: the gateway does not
 * answer, or does not load it.
 * @throws LeaseLost
 */
export function recordUnproven(database: Database, lease: Lease, above: number, why: UnprovenReason): Promise<void> {
  return asSync(database, async (tx) => {
    await Promise.all([
      requireLease(tx, lease),
      tx
        .update(applicationStates)
        .set({ unproven: why })
        .where(
          and(
            eq(applicationStates.gatewayId, lease.gatewayId),
            lt(applicationStates.provenRevision, applicationStates.revision),
            gt(applicationStates.revision, above),
            or(isNull(applicationStates.unproven), ne(applicationStates.unproven, why)),
          ),
        ),
    ]);
  });
}

/**
 * The gateway serves an older delivery than before, so proofs of newer deliveries no longer count.
 * @throws LeaseLost
 */
export function recordWentBack(database: Database, lease: Lease, revision: number): Promise<void> {
  return asSync(database, async (tx) => {
    await requireLease(tx, lease);
    await tx
      .update(applicationStates)
      .set({ provenRevision: 0, unproven: "gateway_went_back" })
      .where(and(eq(applicationStates.gatewayId, lease.gatewayId), gt(applicationStates.revision, revision)));
  });
}

/** Returns which of these tags belong to applications as they were last delivered to this gateway. */
export function knownTags(database: Database, gatewayId: string, tags: readonly string[]): Promise<Set<string>> {
  if (tags.length === 0) return Promise.resolve(new Set());
  return onceAsSync(database, async (tx) => {
    const rows = await tx
      .select({ tag: applicationStates.tag })
      .from(applicationStates)
      .where(
        and(
          eq(applicationStates.gatewayId, gatewayId),
          inArray(applicationStates.tag, [...tags]),
          eq(applicationStates.removed, false),
        ),
      );
    return new Set(rows.map(({ tag }) => tag));
  });
}

/**
 * Returns the deny group that covers a host (also by a wildcard above it), or null if no organization claims the host.
 */
export async function findDenyGroup(tx: Transaction, gatewayId: string, host: string) {
  const wildcard = `*.${host.slice(host.indexOf(".") + 1)}`;
  const rows = await tx
    .select({ organizationId: claims.organizationId, group: claims.denyGroup, value: claims.value })
    .from(claims)
    .where(and(eq(claims.gatewayId, gatewayId), eq(claims.kind, "host"), inArray(claims.value, [host, wildcard])));
  const row = rows.find(({ value }) => value === host) ?? rows[0];
  return row?.group === undefined || row.group === null
    ? null
    : { organizationId: row.organizationId, group: row.group };
}
