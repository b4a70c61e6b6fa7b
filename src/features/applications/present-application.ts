import type { applications } from "../../../drizzle/applications";
import type { SyncTicket } from "../../access/unit-of-work";
import type { Transaction } from "../../database/database";
import { exposureOf, syncStateOf } from "../../delivery/exposure";
import { exposureFactsOf } from "../../delivery/exposure-facts";
import { Refusal } from "../../platform/errors/refusal";
import type { Application } from "./contract";

export type ApplicationRow = typeof applications.$inferSelect & { readonly projectId: string };

/** The public forms of applications, each with what anyone on the internet gets from it now. One statement in all. */
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

/** The public form of one that was just written: with its change pending, what it answers is not known yet. */
export async function presentWritten(
  tx: Transaction,
  row: ApplicationRow,
  now: Date,
  sync: SyncTicket,
): Promise<Application> {
  const presented = (await presentApplications(tx, [row], now))(row);
  if (sync.changeId === null) return presented;
  const { intended } = presented.exposure;
  return {
    ...presented,
    exposure: { state: "unknown", intended, provedAt: null, reason: "pending" },
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
    createdAt: row.createdAt.toISOString(),
    exposure,
    sync,
  };
}
