import { getTableColumns, inArray, type SQL } from "drizzle-orm";
import { applications } from "#drizzle/applications";
import { environments } from "#drizzle/projects";
import { routes } from "#drizzle/routes";
import type { Permission } from "#src/access/permissions";
import type { SyncTicket, Work } from "#src/access/unit-of-work";
import type { Transaction } from "#src/database/database";
import { exposureOf, syncStateOf } from "#src/delivery/exposure";
import { exposureFactsOf } from "#src/delivery/exposure-facts";
import { Refusal } from "#src/platform/errors/refusal";
import { inPages } from "#src/platform/in-pages";
import { releaseUpstreams } from "../claims/rows";
import type { Application } from "./contract";

/** An application's row with its project, for a query that joins its environment. */
export const applicationColumns = { ...getTableColumns(applications), projectId: environments.projectId };

export type ApplicationRow = Omit<typeof applications.$inferSelect, "changedAt"> & { readonly projectId: string };

/** The columns of an application that is not closed by hand. */
export const notClosed = {
  closedAt: null,
  closedReason: null,
  closedByKind: null,
  closedById: null,
  closedByName: null,
} as const;

/**
 * The public form of applications, each with what the gateway currently returns to anyone on the internet. One
 * statement for all.
 */
export async function presentApplications(
  tx: Transaction,
  rows: readonly ApplicationRow[],
  now: Date,
): Promise<(row: ApplicationRow) => Application> {
  const facts = await exposureFactsOf(
    tx,
    rows.map((row) => row.applicationId),
    now,
  );
  return (row) => {
    const found = facts.get(row.applicationId);
    if (!found) throw new Refusal("not_found", { kind: "application", id: row.applicationId });
    return present(row, exposureOf(found), { changeId: null, state: syncStateOf(found) });
  };
}

/**
 * The public form of an application that was just written. Its change is pending, so the gateway's response is not
 * known yet.
 */
export async function presentWritten(
  tx: Transaction,
  row: ApplicationRow,
  now: Date,
  sync: SyncTicket,
): Promise<Application> {
  const presented = (await presentApplications(tx, [row], now))(row);
  if (sync.changeId === null) return presented;
  const { state, intended } = presented.exposure;
  return {
    ...presented,
    // A change that is not delivered yet does not end an alarm.
    exposure:
      state === "exposed" ? presented.exposure : { state: "unknown", intended, provedAt: null, reason: "pending" },
    sync: { changeId: sync.changeId, state: sync.state },
  };
}

function present(row: ApplicationRow, exposure: Application["exposure"], sync: Application["sync"]): Application {
  return {
    applicationId: row.applicationId,
    environmentId: row.environmentId,
    projectId: row.projectId,
    gatewayId: row.gatewayId,
    name: row.name,
    slug: row.slug,
    access: row.access,
    openedBy: row.openedBy,
    hashAlgorithm: row.hashAlgorithm,
    closed: closedOf(row),
    createdAt: row.createdAt.toISOString(),
    version: row.version,
    exposure,
    sync,
  };
}

function closedOf(row: ApplicationRow): Application["closed"] {
  const { closedAt, closedReason: reason, closedByKind: kind, closedById: id, closedByName: name } = row;
  if (closedAt === null || reason === null || kind === null) return null;
  return { at: closedAt.toISOString(), reason, by: { kind, id, name } };
}

/** The number of applications that one statement names. */
const pageSize = 1_000;

/**
 * Removes applications and everything below them, releases the claims of their upstreams, and requests the removal of
 * each file: one outbox row per application.
 * @param which of the organization's applications
 */
export async function removeApplications<P extends Permission, O>(
  work: Work<P, O>,
  which: SQL | undefined,
): Promise<readonly string[]> {
  const removed = await work.tx
    .select({ applicationId: applications.applicationId, gatewayId: applications.gatewayId })
    .from(applications)
    .where(which)
    .orderBy(applications.applicationId)
    .for("update");
  const keys = new Map<string, Set<string>>();
  for (const page of inPages(removed, pageSize)) {
    const ids = page.map((application) => application.applicationId);
    const removedRoutes = await work.tx
      .select({ gatewayId: routes.gatewayId, keys: routes.upstreamKeys })
      .from(routes)
      .where(inArray(routes.applicationId, ids));
    for (const route of removedRoutes) {
      const ofGateway = keys.get(route.gatewayId) ?? new Set();
      for (const key of route.keys) ofGateway.add(key);
      keys.set(route.gatewayId, ofGateway);
    }
    await work.tx.delete(applications).where(inArray(applications.applicationId, ids));
  }
  for (const [gatewayId, ofGateway] of keys) await releaseUpstreams(work.tx, gatewayId, [...ofGateway]);
  for (const { applicationId, gatewayId } of removed) work.deliver({ gatewayId, applicationId, closes: true });
  return removed.map((application) => application.applicationId);
}
