import { setTimeout as sleep } from "node:timers/promises";
import type { SyncWaited, WaitForSync } from "../../contracts/sync";
import { hasReached, leastOf, progressOf } from "../../core/sync-progress";
import type { Authorized } from "../../persistence/authorized";
import { readAs } from "../../persistence/read";
import {
  newestChangesOf,
  type ProgressRow,
  progressOfApplication,
  progressOfChange,
  progressOfRows,
} from "../../persistence/sync-progress";

type Waiter = Authorized<"sync:read", "application" | "change">;

/** How often it is looked, in milliseconds: at first as fast as a delivery can be, later as somebody can notice. */
const firstLookMs = 20;
const lastLookMs = 250;
const slower = 1.3;

/**
 * Waits until every row of a change, or every change of an application that was committed before the call, has reached
 * a state. No transaction is open meanwhile. It always answers what is so; `reached` says whether that is enough.
 */
export async function waitForSync(authorized: Waiter, input: WaitForSync): Promise<SyncWaited> {
  const { applicationId } = input;
  const rows = applicationId === undefined ? [] : await readAs(authorized, (tx) => newestChangesOf(tx, applicationId));
  const until = performance.now() + input.timeoutMs;
  for (let pause = firstLookMs; ; pause = Math.min(lastLookMs, pause * slower)) {
    const seen = await look(authorized, input, rows);
    const answer = answerOf(seen, input.state);
    const left = until - performance.now();
    if (answer.reached || answer.reason !== undefined) return answer;
    if (left <= 0) return { ...answer, reason: "timeout" };
    for (const id of unproven(seen)) authorized.request.runtime.prioritize(id);
    await sleep(Math.min(pause, left));
  }
}

async function look(authorized: Waiter, input: WaitForSync, rows: readonly number[]): Promise<readonly ProgressRow[]> {
  return readAs(authorized, async (tx) => {
    if (input.changeId !== undefined) return progressOfChange(tx, input.changeId);
    const found = await progressOfRows(tx, rows);
    return found.length > 0 || input.applicationId === undefined
      ? found
      : progressOfApplication(tx, input.applicationId);
  });
}

function answerOf(seen: readonly ProgressRow[], wanted: WaitForSync["state"]): SyncWaited {
  const states = seen.map((row) => progressOf(row, row));
  const state = leastOf(states);
  const superseding = seen.map((row) => newerThan(row)).filter((revision) => revision !== null);
  const neverRouted = seen.length === 0 || seen.every((row) => row.application !== null && !row.application.routed);
  const reached = hasReached(state, wanted);
  // Nothing of it is at the gateway, so there is nothing that could be seen to be enforced.
  const noRoute = wanted === "enforced" && neverRouted && seen.every((row) => row.deliveredIn !== null);
  return {
    state,
    reached: reached && !noRoute,
    ...(noRoute ? { reason: "no_route" } : {}),
    ...(superseding.length > 0 ? { supersededBy: Math.max(...superseding) } : {}),
    gateways: [...new Set(seen.map((row) => row.gatewayId))].map((gatewayId) =>
      gatewayOf(
        gatewayId,
        seen.filter((row) => row.gatewayId === gatewayId),
      ),
    ),
  };
}

function gatewayOf(gatewayId: string, rows: readonly ProgressRow[]): SyncWaited["gateways"][number] {
  const state = leastOf(rows.map((row) => progressOf(row, row)));
  const decisive = rows.find((row) => progressOf(row, row) === state);
  const revisions = rows.map((row) => row.deliveredIn).filter((revision) => revision !== null);
  const cause = rows[0]?.cause ?? (state === "enforced" ? null : decisive?.application?.unproven);
  const proofs = new Map(
    rows.flatMap((row) =>
      (row.application?.proof ?? []).map((proof) => [`${row.applicationId} ${proof.request}`, proof]),
    ),
  );
  return {
    gatewayId,
    state,
    revision: revisions.length === rows.length && revisions.length > 0 ? Math.max(...revisions) : null,
    at: iso(momentOf(decisive, state)),
    ...(cause ? { cause } : {}),
    proof: [...proofs.values()].map(({ request, status, tag, pass, at }) => ({ request, status, tag, pass, at })),
  };
}

function momentOf(row: ProgressRow | undefined, state: SyncWaited["state"]): string | null {
  if (state === "enforced") return row?.application?.provedAt ?? row?.loadedAt ?? null;
  if (state === "loaded") return row?.loadedAt ?? null;
  return state === "applied" ? (row?.deliveredAt ?? null) : null;
}

const iso = (moment: string | Date | null) => (moment === null ? null : new Date(moment).toISOString());

function newerThan({ application, deliveredIn }: ProgressRow): number | null {
  return application && deliveredIn !== null && application.revision > deliveredIn ? application.revision : null;
}

function unproven(seen: readonly ProgressRow[]): string[] {
  return seen
    .filter((row) => row.application && row.application.provenRevision < row.application.revision)
    .map((row) => row.applicationId)
    .filter((id) => id !== null);
}
