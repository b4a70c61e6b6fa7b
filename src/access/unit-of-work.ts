import { inArray } from "drizzle-orm";
import { applications } from "#drizzle/applications";
import { auditEntries } from "#drizzle/audit";
import { changes } from "#drizzle/changes";
import type { DatabaseRole, Transaction } from "../database/database";
import { isTransient } from "../database/database-errors";
import { Refusal } from "../platform/errors/refusal";
import { newId } from "../platform/ids";
import { inPages } from "../platform/in-pages";
import type { Authorized } from "./authorized";
import { endWith } from "./end-with";
import type { Organization } from "./organization";
import type { Permission } from "./permissions";
import { PremiseChanged } from "./premise-changed";
import { actorColumns } from "./refusals";

/**
 * The delivery that a change requests. `changeId` can be waited for; it is null if the change does not concern a
 * gateway.
 */
export interface SyncTicket {
  readonly changeId: string | null;
  readonly state: "pending" | "unchanged";
}

/** The change does not concern any gateway. */
export const unchanged: SyncTicket = { changeId: null, state: "unchanged" };

/** What has to be delivered again. */
export interface Delivery {
  readonly gatewayId: string;
  readonly applicationId?: string;
  /** Deliver the deny file of this group of the organization instead of an application's file. */
  readonly denyGroup?: number;
  /** The change removes or narrows access. It is delivered before changes that only open access. */
  readonly closes: boolean;
}

/** The object of an audited action. */
export interface AuditedObject {
  /** The kind of its resource: `application`. */
  readonly kind: string;
  readonly id: string;
  /** Its display name; not needed for the object that the request named. */
  readonly name?: string | null;
}

/** One transaction of a use case: the repeated decision, the locked object, and what will be written with it. */
export interface Work<P extends Permission, O> {
  readonly tx: Transaction;
  /** The current object, under its lock. */
  readonly authorized: Authorized<P, O>;
  readonly organizationId: string;
  /** The time of this unit of work. */
  readonly now: Date;
  /**
   * Adds an audit entry in the same transaction, with the name of the operation as its action. `changed` never holds a
   * secret or a hash.
   */
  audit(object: AuditedObject, changed?: Record<string, unknown>): void;
  /** Like `audit`, for an action that is not the operation itself: `applications.create` also creates a route. */
  auditAs(action: string, object: AuditedObject, changed?: Record<string, unknown>): void;
  /** Requests delivery in the same transaction. */
  deliver(...deliveries: readonly Delivery[]): void;
  /**
   * Compares the version of the object with the versions that the caller expects. It is needed with the lock `share`
   * only: after the body has locked the object itself.
   * @throws StaleVersion
   */
  requireVersion(version: number): void;
  /** What the response says about delivery. */
  readonly sync: SyncTicket;
}

interface Options {
  /** How the located object is locked; see `Authorized.again`. */
  readonly lock?: "share" | "update";
  /** `host` for objects that belong to the whole installation. */
  readonly role?: DatabaseRole;
}

/** How often a unit of work is retried. */
const restarts = 3;

/**
 * Runs the writes of a use case in one READ COMMITTED transaction that row-level security binds to the organization. It
 * repeats the decision and locks, runs `body`, writes the audit entries and the outbox rows, commits, and sends the
 * hints. It is retried after serialization failures and deadlocks, three times at most.
 * @throws Refusal from the second decision or from `body`
 */
export function unitOfWork<P extends Permission, O, T>(
  authorized: Authorized<P, O>,
  body: (work: Work<P, O>) => Promise<T>,
  options: Options = {},
): Promise<T> {
  return preparedUnitOfWork(authorized, async () => undefined, body, options);
}

/**
 * Like `unitOfWork`, with slow or external work (hashing, DNS) before the transaction. `body` throws `PremiseChanged`
 * if an assumption of `prepare` no longer holds. Both are then retried, three times at most.
 */
export async function preparedUnitOfWork<P extends Permission, O, Prepared, T>(
  authorized: Authorized<P, O>,
  prepare: (authorized: Authorized<P, O>) => Promise<Prepared>,
  body: (work: Work<P, O>, prepared: Prepared) => Promise<T>,
  options: Options = {},
): Promise<T> {
  let current = authorized;
  let prepared = await prepare(current);
  for (let left = restarts; ; left--) {
    try {
      return await once(current, (work) => body(work, prepared), options);
    } catch (error) {
      if (isTransient(error)) {
        if (left > 0) continue;
        throw new Refusal("busy", { work: "changes of the same objects", retryAfter: 1 });
      }
      if (!(error instanceof PremiseChanged)) throw error;
      if (left === 0) throw new Refusal("changed_meanwhile", { premise: error.premise });
      current = await current.afresh();
      prepared = await prepare(current);
    }
  }
}

async function once<P extends Permission, O, T>(
  authorized: Authorized<P, O>,
  body: (work: Work<P, O>) => Promise<T>,
  options: Options,
): Promise<T> {
  const { request } = authorized;
  const { database, clock, wake } = request.runtime;
  const organizationId = authorized.organization.organizationId;
  const now = clock.now();
  const entries: (typeof auditEntries.$inferInsert)[] = [];
  const deliveries: Delivery[] = [];
  const changeId = newId("change");

  const result = await database.transaction(options.role ?? "tenant", organizationId, async (tx) => {
    const lock = options.lock ?? "update";
    const again = await authorized.again(tx, lock);
    requireSameRules(authorized.organization, again.organization);
    again.requireVersion();
    let isVersionLocked = lock === "update" || request.expectedVersions === null;
    const auditAs: Work<P, O>["auditAs"] = (action, object, changed) => {
      entries.push({
        auditId: newId("audit"),
        organizationId,
        ...actorColumns(request, again.principal),
        action,
        outcome: "done",
        objectKind: object.kind,
        objectId: object.id,
        objectName: object.name ?? (isLocated(again, object) ? again.named.name : null),
        changed: changed ?? null,
        createdAt: now,
      });
    };
    const outcome = await body({
      tx,
      authorized: again,
      organizationId,
      now,
      audit: (object, changed) => auditAs(request.action, object, changed),
      auditAs,
      deliver: (...wanted) => {
        deliveries.push(...wanted);
      },
      requireVersion: (version) => {
        again.requireVersion(version);
        isVersionLocked = true;
      },
      get sync(): SyncTicket {
        return deliveries.length > 0 ? { changeId, state: "pending" } : unchanged;
      },
    });
    if (!isVersionLocked) throw new Error(`${request.action} did not compare the version of what it locked`);
    await endWith(tx, [
      ...(entries.length > 0 ? [tx.insert(auditEntries).values(entries)] : []),
      ...[...inPages(deliveries, rowsPerStatement)].map((rows) =>
        tx.insert(changes).values(
          rows.map((delivery) => ({
            changeId,
            organizationId,
            gatewayId: delivery.gatewayId,
            applicationId: delivery.applicationId ?? null,
            denyGroup: delivery.denyGroup ?? null,
            closes: delivery.closes,
            createdAt: now,
          })),
        ),
      ),
      ...[...inPages(applicationsOf(deliveries), rowsPerStatement)].map((ids) => markChanged(tx, ids, now)),
    ]);
    return outcome;
  });
  if (deliveries.length > 0) wake([...new Set(deliveries.map((delivery) => delivery.gatewayId))]);
  return result;
}

function applicationsOf(deliveries: readonly Delivery[]): readonly string[] {
  const ids = deliveries.map(({ applicationId }) => applicationId).filter((id) => id !== undefined);
  return [...new Set(ids)];
}

/**
 * Stores when these applications were changed. An application that another transaction has locked is left out: that
 * transaction is changing it now, and waiting for it here could be a deadlock.
 */
function markChanged(tx: Transaction, applicationIds: readonly string[], now: Date) {
  const unlocked = tx
    .select({ applicationId: applications.applicationId })
    .from(applications)
    .where(inArray(applications.applicationId, [...applicationIds]))
    .for("no key update", { skipLocked: true });
  return tx.update(applications).set({ changedAt: now }).where(inArray(applications.applicationId, unlocked));
}

function isLocated<P extends Permission, O>(authorized: Authorized<P, O>, audited: AuditedObject): boolean {
  return authorized.named.kind === audited.kind && authorized.objectId === audited.id;
}

/** Before the transaction, this setting decided whether upstreams were resolved or left to the gateway. */
function requireSameRules(before: Organization, now: Organization): void {
  if (before.upstreams !== now.upstreams) throw new PremiseChanged("the organization's rule for upstreams");
}

/** Rows of one statement. PostgreSQL accepts 65,535 parameters. */
const rowsPerStatement = 1_000;
