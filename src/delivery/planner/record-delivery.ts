import { and, eq, inArray, isNotNull, isNull, lte, max, sql } from "drizzle-orm";
import { applicationStates, changes, deliveries, gateways } from "#drizzle/schema";
import { asSync, LeaseLost, onceAsSync } from "#src/database/as-sync";
import type { Database } from "#src/database/database";
import { type Lease, requireLease, updateAsLeader } from "../leader/lease";
import type { DeliveryNumber } from "../protocol/bundle";

/** The recorded state of one application after a delivery. */
export type DeliveredState = Pick<
  typeof applicationStates.$inferSelect,
  | "applicationId"
  | "organizationId"
  | "digest"
  | "tag"
  | "intended"
  | "form"
  | "diagnostics"
  | "probes"
  | "lastGood"
  | "removed"
>;

export interface NumberedDelivery extends DeliveryNumber {
  /** The digest of the last applied delivery. */
  readonly previous: string;
}

/** The last number that each lease of this process assigned. */
const numbered = new WeakMap<Lease, number>();

/**
 * Numbers a delivery before any part of it is visible. A number is never used twice, even after a crash. If the
 * database would assign a number again, it was restored from an older copy while this process led. The term then ends,
 * so that the next one detects this before it delivers.
 * @param digestOf the chained digest, which includes the digest of the last applied delivery
 * @throws LeaseLost
 */
export async function numberDelivery(
  database: Database,
  lease: Lease,
  digestOf: (previous: string) => string,
  now: Date,
): Promise<NumberedDelivery> {
  const given = await asSync(database, async (tx) => {
    const row = await updateAsLeader(tx, lease, { revision: sql`${gateways.revision} + 1` });
    if (row.revision <= (numbered.get(lease) ?? 0)) throw new LeaseLost(lease.gatewayId);
    const delivery = { revision: row.revision, epoch: row.epoch, digest: digestOf(row.digest) };
    await tx.insert(deliveries).values({ gatewayId: lease.gatewayId, term: lease.term, createdAt: now, ...delivery });
    return { ...delivery, previous: row.digest };
  });
  numbered.set(lease, given.revision);
  return given;
}

/**
 * Records that a delivery is applied: it carried exactly these outbox rows, and these applications now have these
 * states.
 * @throws LeaseLost
 */
export function recordApplied(
  database: Database,
  lease: Lease,
  delivery: DeliveryNumber,
  part: {
    readonly rows: readonly number[];
    readonly states: readonly DeliveredState[];
    readonly now: Date;
    /** The first part of a delivery records that all of it is in the folder. */
    readonly first: boolean;
  },
): Promise<void> {
  return asSync(database, async (tx) => {
    // The statements are sent together. The lease is checked first, and without it all of them are rolled back.
    await Promise.all([
      part.first
        ? updateAsLeader(tx, lease, { digest: delivery.digest, cause: null, causeSince: null })
        : requireLease(tx, lease),
      part.first &&
        tx
          .update(deliveries)
          .set({ appliedAt: part.now })
          .where(and(eq(deliveries.gatewayId, lease.gatewayId), eq(deliveries.revision, delivery.revision))),
      part.rows.length > 0 &&
        tx
          .update(changes)
          .set({ deliveredIn: delivery.revision, deliveredAt: part.now })
          .where(inArray(changes.row, [...part.rows])),
      part.states.length > 0 && upsertStates(tx, lease.gatewayId, delivery.revision, part),
    ]);
  });
}

type Upsert = Parameters<Parameters<typeof asSync>[1]>[0];

async function upsertStates(
  tx: Upsert,
  gatewayId: string,
  revision: number,
  part: { readonly states: readonly DeliveredState[]; readonly now: Date },
): Promise<void> {
  const excluded = (column: string) => sql.raw(`excluded.${column}`);
  await tx
    .insert(applicationStates)
    .values(part.states.map((state) => ({ ...state, gatewayId, revision, deliveredAt: part.now })))
    .onConflictDoUpdate({
      target: [applicationStates.gatewayId, applicationStates.applicationId],
      set: {
        organizationId: excluded("organization_id"),
        revision: excluded("revision"),
        digest: excluded("digest"),
        tag: excluded("tag"),
        intended: excluded("intended"),
        form: excluded("form"),
        diagnostics: excluded("diagnostics"),
        probes: excluded("probes"),
        lastGood: excluded("last_good"),
        removed: excluded("removed"),
        deliveredAt: excluded("delivered_at"),
        unproven: null,
      },
    });
}

/** Finds the delivery that a gateway's response names, if this installation made it. */
export function findDelivery(database: Database, gatewayId: string, named: DeliveryNumber): Promise<boolean> {
  return onceAsSync(database, async (tx) => {
    const rows = await tx
      .select({ revision: deliveries.revision })
      .from(deliveries)
      .where(
        and(
          eq(deliveries.gatewayId, gatewayId),
          eq(deliveries.revision, named.revision),
          eq(deliveries.epoch, named.epoch),
          eq(deliveries.digest, named.digest),
        ),
      );
    return rows.length > 0;
  });
}

/** Checks whether anything was ever applied to the gateway, in any epoch. */
export function wasEverApplied(database: Database, gatewayId: string): Promise<boolean> {
  return onceAsSync(database, async (tx) => {
    const rows = await tx
      .select({ revision: deliveries.revision })
      .from(deliveries)
      .where(and(eq(deliveries.gatewayId, gatewayId), isNotNull(deliveries.appliedAt)))
      .limit(1);
    return rows.length > 0;
  });
}

/** The number of the last applied delivery of the present epoch; null if there was none. */
export function newestApplied(database: Database, gatewayId: string): Promise<number | null> {
  return onceAsSync(database, async (tx) => {
    const [row] = await tx
      .select({ revision: max(deliveries.revision) })
      .from(deliveries)
      .innerJoin(gateways, and(eq(gateways.gatewayId, deliveries.gatewayId), eq(gateways.epoch, deliveries.epoch)))
      .where(and(eq(deliveries.gatewayId, gatewayId), isNotNull(deliveries.appliedAt)));
    return row?.revision ?? null;
  });
}

/** Records that the gateway was seen to serve this delivery. @throws LeaseLost */
export function recordLoaded(database: Database, lease: Lease, revision: number, now: Date): Promise<void> {
  return asSync(database, async (tx) => {
    await Promise.all([
      updateAsLeader(tx, lease, { loadedRevision: revision, loadedAt: now }),
      tx
        .update(deliveries)
        .set({ loadedAt: now })
        .where(
          and(
            eq(deliveries.gatewayId, lease.gatewayId),
            lte(deliveries.revision, revision),
            isNull(deliveries.loadedAt),
            isNotNull(deliveries.appliedAt),
          ),
        ),
    ]);
  });
}
