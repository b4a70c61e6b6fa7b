import { setTimeout as sleep } from "node:timers/promises";
import type { SyncWaited, WaitForSync } from "../../contracts/sync";
import { isoText, isReached, readMoment } from "../../core/moment";
import { hasReached, leastOf, progressOf } from "../../core/sync-progress";
import type { Authorized } from "../../persistence/authorized";
import { readAs } from "../../persistence/read";
import {
  type AwaitedChanges,
  awaitedChangesOf,
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
 * @param signal aborted once nobody waits for the answer any more
 */
export async function waitForSync(
  authorized: Waiter,
  input: WaitForSync,
  signal: AbortSignal | undefined,
): Promise<SyncWaited> {
  const { applicationId } = input;
  const until = performance.now() + input.timeoutMs;
  const awaited =
    applicationId === undefined ? null : await readAs(authorized, (tx) => awaitedChangesOf(tx, applicationId));
  for (let pause = firstLookMs; ; pause = Math.min(lastLookMs, pause * slower)) {
    const seen = await look(authorized, input, awaited);
    const answer = answerOf(seen, input.state);
    const left = until - performance.now();
    if (answer.reached || answer.reason !== undefined) return answer;
    if (left <= 0 || signal?.aborted) return { ...answer, reason: "timeout" };
    for (const id of unproven(seen)) authorized.request.runtime.prioritize(id);
    await sleep(Math.min(pause, left), undefined, { signal }).catch(() => undefined); // aborted: seen at the next look
  }
}

async function look(
  authorized: Waiter,
  { applicationId, changeId }: WaitForSync,
  awaited: AwaitedChanges | null,
): Promise<readonly ProgressRow[]> {
  return readAs(authorized, async (tx) => {
    if (changeId !== undefined) return progressOfChange(tx, changeId);
    if (applicationId === undefined || awaited === null) return [];
    return awaited.revision === null
      ? progressOfRows(tx, awaited.rows)
      : progressOfApplication(tx, applicationId, awaited.revision);
  });
}

function answerOf(seen: readonly ProgressRow[], wanted: WaitForSync["state"]): SyncWaited {
  const state = leastOf(seen.map(stateOf));
  const superseding = seen.map((row) => newerThan(row)).filter((revision) => revision !== null);
  const reached = hasReached(state, wanted);
  const reason = reasonOf(seen, wanted, reached);
  return {
    state,
    reached: reached && reason === undefined,
    ...(reason === undefined ? {} : { reason }),
    ...(superseding.length > 0 ? { supersededBy: Math.max(...superseding) } : {}),
    gateways: [...new Set(seen.map((row) => row.gatewayId))].map((gatewayId) =>
      gatewayOf(
        gatewayId,
        seen.filter((row) => row.gatewayId === gatewayId),
      ),
    ),
  };
}

function stateOf(row: ProgressRow): SyncWaited["state"] {
  const { gateway, application } = row;
  // Of a gateway that cannot be seen it is known only what was written for it.
  return progressOf(row, gateway ? { ...gateway, application } : { loadedRevision: 0, application: null });
}

/** Why there is nothing to wait for. */
function reasonOf(seen: readonly ProgressRow[], wanted: WaitForSync["state"], reached: boolean): string | undefined {
  if (!reached && seen.some((row) => row.gateway === null)) return "no_gateway";
  if (wanted !== "enforced" || seen.some((row) => row.deliveredIn === null)) return undefined;
  // Nothing of it is at the gateway, so there is nothing that could be seen to be enforced.
  const ofApplications = seen.filter((row) => row.applicationId !== null);
  const isRouted = ofApplications.some((row) => row.application === null || row.application.routed);
  return isRouted || (ofApplications.length === 0 && seen.length > 0) ? undefined : "no_route";
}

function gatewayOf(gatewayId: string, rows: readonly ProgressRow[]): SyncWaited["gateways"][number] {
  const state = leastOf(rows.map(stateOf));
  const decisive = rows.find((row) => stateOf(row) === state);
  const revisions = rows.map((row) => row.deliveredIn).filter((revision) => revision !== null);
  const cause = rows[0]?.gateway?.cause ?? (state === "enforced" ? null : decisive?.application?.unproven);
  const proofs = new Map(
    rows.flatMap((row) => proofsOf(row).map((proof) => [`${row.applicationId} ${proof.request}`, proof])),
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

/** What the gateway was asked since it was given this: an older answer proves nothing of it. */
function proofsOf({ application, deliveredIn }: ProgressRow) {
  if (application === null || deliveredIn === null) return [];
  const since = readMoment(application.deliveredAt);
  return application.proof.filter(({ at }) => isReached(since, readMoment(at)));
}

function momentOf(row: ProgressRow | undefined, state: SyncWaited["state"]): string | null {
  if (state === "enforced") return row?.application?.provedAt ?? row?.gateway?.loadedAt ?? null;
  if (state === "loaded") return row?.gateway?.loadedAt ?? null;
  return state === "applied" ? (row?.deliveredAt ?? null) : null;
}

const iso = (moment: string | Date | null) => (moment === null ? null : isoText(moment));

function newerThan({ application, deliveredIn }: ProgressRow): number | null {
  return application && deliveredIn !== null && application.revision > deliveredIn ? application.revision : null;
}

function unproven(seen: readonly ProgressRow[]): string[] {
  return seen
    .filter((row) => row.application && row.application.provenRevision < row.application.revision)
    .map((row) => row.applicationId)
    .filter((id) => id !== null);
}
