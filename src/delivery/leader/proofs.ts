import { and, eq, gt, inArray, isNull, lt, ne, or, sql } from "drizzle-orm";
import { applicationStates, claims } from "#drizzle/schema";
import { asSync, onceAsSync } from "#src/database/as-sync";
import type { Database, Transaction } from "#src/database/database";
import type { UnprovenReason } from "#src/platform/contract/sync-state";
import type { ProofResult, ProofTask } from "../protocol/probe";
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

/**
 * Stores observed results, for each application only while the probed revision is still its newest. An application that
 * is no longer proven loses its proven revision.
 * @returns the applications whose results were stored
 * @throws LeaseLost
 */
export function recordProofs(
  database: Database,
  lease: Lease,
  results: readonly ProofResult[],
  now: Date,
): Promise<Set<string>> {
  const seen = sql`jsonb_to_recordset(${JSON.stringify(results)}::jsonb)
    as seen("applicationId" text, "revision" integer, "why" text, "proof" jsonb)`;
  const isProven = sql`seen."why" is null`;
  const at = sql`${now.toISOString()}::timestamptz`;
  return asSync(database, async (tx) => {
    const [, rows] = await Promise.all([
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
        })
        .from(seen)
        .where(
          and(
            eq(applicationStates.gatewayId, lease.gatewayId),
            eq(applicationStates.applicationId, sql`seen."applicationId"`),
            eq(applicationStates.revision, sql`seen."revision"`),
          ),
        )
        .returning({ applicationId: applicationStates.applicationId }),
    ]);
    return new Set(rows.map(({ applicationId }) => applicationId));
  });
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
