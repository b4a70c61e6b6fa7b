import { and, eq, getTableColumns, isNull, type SQL, sql } from "drizzle-orm";
import { applicationStates, gateways, installation } from "#drizzle/schema";
import { asSync, LeaseLost, onceAsSync } from "#src/database/as-sync";
import type { Database, Transaction } from "#src/database/database";
import { aheadInSql, passedInSql } from "#src/database/moments-in-sql";
import type { DeliveryCause, GatewayCondition } from "#src/platform/contract/sync-state";

export type GatewayRow = typeof gateways.$inferSelect;

/** The right to lead a gateway. Every write of a leader is conditional on it. */
export interface Lease {
  readonly gatewayId: string;
  readonly leaderId: string;
  readonly term: number;
}

export function listFileGateways(database: Database): Promise<{ gatewayId: string; name: string }[]> {
  return onceAsSync(database, (tx) =>
    tx
      .select({ gatewayId: gateways.gatewayId, name: gateways.name })
      .from(gateways)
      .where(eq(gateways.target, "file"))
      .orderBy(gateways.gatewayId),
  );
}

/** Reads a gateway. `led` means that a lease is running, by the database's clock, which all processes share. */
export function findGateway(
  database: Database,
  gatewayId: string,
): Promise<(GatewayRow & { readonly led: boolean }) | null> {
  return onceAsSync(database, async (tx) => {
    const led = sql<boolean>`${aheadInSql(gateways.leaseUntil, sql`clock_timestamp()`)}`;
    const [row] = await tx
      .select({ ...getTableColumns(gateways), led })
      .from(gateways)
      .where(eq(gateways.gatewayId, gatewayId));
    return row ?? null;
  });
}

export function findInstallationId(database: Database): Promise<string | null> {
  return onceAsSync(database, async (tx) => {
    const [row] = await tx.select({ installationId: installation.installationId }).from(installation);
    return row?.installationId ?? null;
  });
}

/** Writes the first claim of a folder. Returns false if another process was first. */
export function claimNonce(database: Database, gatewayId: string, nonce: string): Promise<boolean> {
  return asSync(database, async (tx) => {
    const rows = await tx
      .update(gateways)
      .set({ nonce })
      .where(and(eq(gateways.gatewayId, gatewayId), isNull(gateways.nonce)))
      .returning({ gatewayId: gateways.gatewayId });
    return rows.length > 0;
  });
}

/**
 * Takes the next term, unless another process took it first or the present leader's lease still runs.
 * @param force the present leader is known to be gone (only one process may open the embedded database)
 */
export function takeLease(
  database: Database,
  seen: Pick<GatewayRow, "gatewayId" | "leaseTerm" | "nonce">,
  take: { leaderId: string; forMs: number; force: boolean },
): Promise<Lease | null> {
  return asSync(database, async (tx) => {
    const free = passedInSql(gateways.leaseUntil, sql`clock_timestamp()`);
    const rows = await tx
      .update(gateways)
      .set({ leaseTerm: seen.leaseTerm + 1, leaseHolder: take.leaderId, leaseUntil: inMs(take.forMs) })
      .where(
        and(
          eq(gateways.gatewayId, seen.gatewayId),
          eq(gateways.leaseTerm, seen.leaseTerm),
          eq(gateways.nonce, seen.nonce ?? ""),
          take.force ? undefined : free,
        ),
      )
      .returning({ term: gateways.leaseTerm });
    const [row] = rows;
    return row ? { gatewayId: seen.gatewayId, leaderId: take.leaderId, term: row.term } : null;
  });
}

/** Updates the gateway's row as its leader. @throws LeaseLost */
export async function updateAsLeader(
  tx: Transaction,
  lease: Lease,
  values: Partial<typeof gateways.$inferInsert> | { [column: string]: unknown },
): Promise<GatewayRow> {
  const [row] = await tx.update(gateways).set(values).where(isLeader(lease)).returning();
  if (!row) throw new LeaseLost(lease.gatewayId);
  return row;
}

/** Locks the gateway's row, so that no other term can begin before this transaction ends. @throws LeaseLost */
export async function requireLease(tx: Transaction, lease: Lease): Promise<void> {
  const [row] = await tx.select({ term: gateways.leaseTerm }).from(gateways).where(isLeader(lease)).for("share");
  if (!row) throw new LeaseLost(lease.gatewayId);
}

function isLeader(lease: Lease) {
  return and(
    eq(gateways.gatewayId, lease.gatewayId),
    eq(gateways.leaseTerm, lease.term),
    eq(gateways.leaseHolder, lease.leaderId),
  );
}

/** @throws LeaseLost */
export function renewLease(database: Database, lease: Lease, forMs: number): Promise<unknown> {
  return onceAsSync(database, (tx) => updateAsLeader(tx, lease, { leaseUntil: inMs(forMs) }));
}

/**
 * Uses the database's clock: a process with a wrong clock neither takes a running lease nor leaves one that runs for
 * hours.
 */
function inMs(ms: number): SQL {
  return sql`clock_timestamp() + ${ms}::integer * interval '1 millisecond'`;
}

/** Lets the next process lead at once. This has no effect if another process already leads. */
export function endLease(database: Database, lease: Lease): Promise<unknown> {
  return onceAsSync(database, (tx) => tx.update(gateways).set({ leaseUntil: null }).where(isLeader(lease)));
}

/** Records why deliveries fail. The time of the first failure stays. @throws LeaseLost */
export function recordCause(database: Database, lease: Lease, cause: DeliveryCause, now: Date): Promise<unknown> {
  return onceAsSync(database, (tx) =>
    updateAsLeader(tx, lease, {
      cause,
      causeSince: sql`coalesce(${gateways.causeSince}, ${now.toISOString()}::timestamptz)`,
    }),
  );
}

/**
 * Records why a process that does not lead a gateway cannot lead it. The time of the first failure stays. While another process leads, nothing is written, because delivery works then.
 */
export function recordCauseUnled(
  database: Database,
  gatewayId: string,
  cause: DeliveryCause,
  now: Date,
): Promise<unknown> {
  return onceAsSync(database, (tx) =>
    tx
      .update(gateways)
      .set({ cause, causeSince: sql`coalesce(${gateways.causeSince}, ${now.toISOString()}::timestamptz)` })
      .where(
        and(
          eq(gateways.gatewayId, gatewayId),
          passedInSql(gateways.leaseUntil, sql`clock_timestamp()`),
          sql`${gateways.cause} is distinct from ${cause}`,
        ),
      ),
  );
}

/** Checks whether a process leads a gateway now, by the database's clock. */
export function isLed(database: Database, gatewayId: string): Promise<boolean> {
  return findGateway(database, gatewayId).then((row) => row?.led ?? false);
}

/** Records what the gateway does with its folder. @throws LeaseLost */
export async function recordCondition(
  database: Database,
  lease: Lease,
  condition: GatewayCondition,
  now: Date,
): Promise<void> {
  await onceAsSync(database, (tx) => updateAsLeader(tx, lease, { condition, conditionAt: now }));
}

/** Clears the cause of failed deliveries. @throws LeaseLost */
export function clearCause(database: Database, lease: Lease): Promise<unknown> {
  return onceAsSync(database, (tx) => updateAsLeader(tx, lease, { cause: null, causeSince: null }));
}

/**
 * Starts a new epoch after the database or the folder was replaced: observations from before no longer count.
 * @param adopted applications with an own file in the folder and no row in the database; they are removed like any
 * deleted application
 */
export async function beginEpoch(
  tx: Transaction,
  gatewayId: string,
  begin: { epoch: string; atLeastRevision: number; adopted: readonly string[]; now: Date },
): Promise<void> {
  await tx
    .update(gateways)
    .set({
      epoch: begin.epoch,
      digest: "",
      loadedRevision: 0,
      loadedAt: null,
      revision: sql`greatest(${gateways.revision}, ${begin.atLeastRevision}::integer)`,
    })
    .where(eq(gateways.gatewayId, gatewayId));
  await tx
    .update(applicationStates)
    .set({ provenRevision: 0, unproven: "new_epoch" })
    .where(eq(applicationStates.gatewayId, gatewayId));
  if (begin.adopted.length === 0) return;
  await tx
    .insert(applicationStates)
    .values(
      begin.adopted.map((applicationId) => ({
        gatewayId,
        applicationId,
        organizationId: "",
        revision: 0,
        tag: "",
        intended: "closed" as const,
        form: "closed" as const,
        diagnostics: [],
        probes: [],
        deliveredAt: begin.now,
      })),
    )
    .onConflictDoNothing();
}

/**
 * Replaces the nonce after a folder was claimed again. The present leader is fenced, and only a process that finds this
 * nonce on its disk may lead next.
 */
export async function replaceNonce(tx: Transaction, gatewayId: string, nonce: string): Promise<void> {
  await tx
    .update(gateways)
    .set({ nonce, leaseTerm: sql`${gateways.leaseTerm} + 1`, leaseHolder: null, leaseUntil: null })
    .where(eq(gateways.gatewayId, gatewayId));
}
