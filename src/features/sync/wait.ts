import type { Authorized } from "#src/access/authorized";
import { readAs } from "#src/access/read-as";
import {
  type AwaitedChanges,
  awaitedChangesOf,
  type ProgressRow,
  progressOfApplication,
  progressOfChange,
  progressOfRows,
} from "#src/delivery/read-progress";
import { hasReached, leastOf, progressOf } from "#src/delivery/sync-progress";
import { operation } from "#src/operations/operation";
import { orElse } from "#src/operations/subject";
import { StoredDeliveryCause, StoredUnprovenReason } from "#src/platform/contract/sync-state";
import { Refusal } from "#src/platform/errors/refusal";
import { isoText, isReached, readMoment } from "#src/platform/moment";
import type { WaitOwner } from "#src/platform/waits";
import { application, type LocatedApplication } from "../applications/resource";
import { type NotReached, SyncWaited, WaitForSync } from "./contract";
import { change, type LocatedChange } from "./resource";

type Waiter = Authorized<"sync:read", LocatedApplication | LocatedChange>;

/**
 * Waits until every row of a change, or every change of an application that was committed before the call, has reached
 * a state. It holds no transaction while it waits, and shares its queries with all other waits of the process. It
 * always returns the current state; `reached` says whether that is enough. The caller's permission is checked again
 * before every response after a wait, and at intervals in between.
 * @throws Refusal `too_many_waits` | `wait_capacity_reached`; `not_found` | `forbidden` if the caller lost the right
 */
export const wait = operation(
  {
    name: "sync.wait",
    summary: "Wait until a change is applied, loaded or enforced at its gateways",
    permission: "sync:read",
    on: orElse(application, change),
    input: WaitForSync,
    output: SyncWaited,
    errors: ["too_many_waits", "wait_capacity_reached"],
    rest: { method: "GET", path: "/sync/wait" },
    waits: true,
  },
  async (authorized, input, { slot, signal }) => {
    slot.release(); // it only waits from now on: waits have separate limits
    if (input.timeoutMs === 0)
      return withTimeout(resultOf(await look(authorized, await beginOf(authorized, input)), input.state));
    const leave = authorized.request.runtime.waits.enter(ownerOf(authorized));
    try {
      return await waitUntilReached(authorized, input, signal);
    } finally {
      leave();
    }
  },
);

async function waitUntilReached(
  authorized: Waiter,
  input: WaitForSync,
  signal: AbortSignal | undefined,
): Promise<SyncWaited> {
  const { waits, prioritize } = authorized.request.runtime;
  const { organizationId } = authorized.organization;
  const until = performance.now() + input.timeoutMs;
  const begin = await beginOf(authorized, input);
  const target = { ...begin, organizationId, state: input.state };
  const [permitKey, isPermitted] = [permitKeyOf(authorized), () => isStillPermitted(authorized)];
  let seen = await look(authorized, begin);
  for (let again = false; ; again = true) {
    const result = resultOf(seen, input.state);
    if (result.reached || result.reason !== undefined) return result;
    const forMs = until - performance.now();
    if (forMs <= 0 || signal?.aborted) return withTimeout(result);
    for (const id of unproven(seen)) prioritize(id);
    await waits.moved({ target, forMs, signal, permitKey, isPermitted, again });
    if (signal?.aborted) continue;
    seen = await waits.inTurn(organizationId, async () => look(await authorized.afresh(), begin));
  }
}

/** The object of the wait, as it is when the wait begins. */
type Begin =
  | { readonly kind: "change"; readonly changeId: string }
  | ({ readonly kind: "rows" } & Pick<AwaitedChanges, "rows">)
  | { readonly kind: "application"; readonly applicationId: string; readonly revision: number };

async function beginOf(authorized: Waiter, { applicationId, changeId }: WaitForSync): Promise<Begin> {
  if (changeId !== undefined) return { kind: "change", changeId };
  if (applicationId === undefined) return { kind: "rows", rows: [] };
  const { rows, revision } = await readAs(authorized, (tx) => awaitedChangesOf(tx, applicationId));
  return revision === null ? { kind: "rows", rows } : { kind: "application", applicationId, revision };
}

function look(authorized: Waiter, begin: Begin): Promise<readonly ProgressRow[]> {
  return readAs(authorized, async (tx) => {
    if (begin.kind === "change") return progressOfChange(tx, begin.changeId);
    if (begin.kind === "rows") return progressOfRows(tx, begin.rows);
    return progressOfApplication(tx, begin.applicationId, begin.revision);
  });
}

function withTimeout(result: SyncWaited): SyncWaited {
  return result.reached || result.reason !== undefined ? result : { ...result, reason: "timeout" };
}

function ownerOf({ principal, organization: { organizationId } }: Waiter): WaitOwner {
  if (principal.kind === "apiKey") return { organizationId, caller: principal.apiKeyId };
  return { organizationId, caller: principal.kind === "session" ? principal.sessionId : principal.kind };
}

/** Identifies who may wait: the caller, and the position of the object in the organization. */
function permitKeyOf(authorized: Waiter): string {
  const { organizationId, caller } = ownerOf(authorized);
  const { presents, ip } = authorized.request;
  const named = presents.kind === "commandLine" ? null : presents.organization;
  const projectId = "projectId" in authorized.object ? authorized.object.projectId : null;
  return JSON.stringify([organizationId, caller, named, ip, projectId]);
}

async function isStillPermitted(authorized: Waiter): Promise<boolean> {
  try {
    await authorized.afresh();
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

function resultOf(seen: readonly ProgressRow[], wanted: WaitForSync["state"]): SyncWaited {
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
  // For a gateway that the organization cannot see, only the written state is known.
  return progressOf(row, gateway ? { ...gateway, application } : { loadedRevision: 0, application: null });
}

/** Why there is nothing to wait for. */
function reasonOf(
  seen: readonly ProgressRow[],
  wanted: WaitForSync["state"],
  reached: boolean,
): NotReached | undefined {
  if (!reached && seen.some((row) => row.gateway === null)) return "no_gateway";
  if (wanted !== "enforced" || seen.some((row) => row.deliveredIn === null)) return undefined;
  // The gateway has no part of it, so nothing can be proven.
  const ofApplications = seen.filter((row) => row.applicationId !== null);
  const isRouted = ofApplications.some((row) => row.application === null || row.application.routed);
  return isRouted || (ofApplications.length === 0 && seen.length > 0) ? undefined : "no_route";
}

function gatewayOf(gatewayId: string, rows: readonly ProgressRow[]): SyncWaited["gateways"][number] {
  const state = leastOf(rows.map(stateOf));
  const decisive = rows.find((row) => stateOf(row) === state);
  const revisions = rows.map((row) => row.deliveredIn).filter((revision) => revision !== null);
  const fails = StoredDeliveryCause.nullish().parse(rows[0]?.gateway?.cause);
  const unproven = StoredUnprovenReason.nullish().parse(decisive?.application?.unproven);
  const cause = fails ?? (state === "enforced" ? null : unproven);
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

/** The probes since this delivery: an earlier response proves nothing about it. */
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
