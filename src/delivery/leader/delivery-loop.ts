import { LeaseLost } from "../../database/as-sync";
import { backoff } from "../../platform/backoff";
import { Repeats } from "../../platform/repeats";
import type { Waker } from "../../platform/signal";
import { isFolderGone } from "../applier/file-system";
import { backlogOf, batchOf } from "../planner/backlog";
import { assumedCostMs, type BatchSize, batchSize, costAfter } from "../planner/batch-size";
import { markerDueAt } from "../planner/marker-spacing";
import { lookAtPending, takeChanges } from "../planner/take-changes";
import type { DeliveryNumber } from "../protocol/bundle";
import { isOfFolder, textOf, type Why, whyOf } from "./cause-of";
import { type Delivered, deliver } from "./deliver";
import type { LeaderContext } from "./leader-context";
import { clearCause, recordCause } from "./lease";
import { Overtaken, overtaking } from "./preempt-delivery";
import type { Repairs } from "./repair-queue";

/** Outbox rows of which one delivery chooses. */
const rowsPerDelivery = 5_000;
/** How long a hint that never came is waited for, in ms. */
const lookAgainMs = 1_000;
/** Pending rows are looked at again at most this often while a marker is not due yet, in ms. */
const quietMs = 20;
/**
 * A delivery that closes begins as long before its marker is due as the last one took to be staged, but no longer than
 * this, in ms: what comes after it began has to wait for the next one.
 */
const longestLeadMs = 400;
const retries = { firstMs: 200, mostMs: 5_000 };

interface DeliveryLoop {
  readonly leader: LeaderContext;
  readonly waker: Waker;
  readonly repairs: Repairs;
  /** The last measured time from a marker to its being loaded, in ms. */
  readonly loadMs: () => number;
  /** The marker of a delivery was written at `markerAt`, in ms of the pace; nothing of it is recorded yet. */
  readonly onMarked: (delivery: DeliveryNumber, markerAt: number) => void;
  readonly onDelivered: (delivered: Delivered) => void;
  /** A delivery failed; parts of it may be recorded. */
  readonly onFailed: () => Promise<void>;
  /** What keeps deliveries from being written to the gateway's folder; null when one was written. */
  readonly onFolder: (why: Why | null) => void;
  /** There is nothing to deliver, or a delivery failed: the start is over either way. */
  readonly onSettled: () => void;
}

/** Delivers whatever is pending until the term is over, or must end because its folders are gone. @throws LeaseLost */
export async function deliverUntilOver(loop: DeliveryLoop): Promise<void> {
  const { leader, waker, repairs } = loop;
  const { pace, over } = leader;
  let lastMarkerAt: number | null = null;
  let costMs = assumedCostMs;
  let failures = 0;
  let doubtful = false;
  let lastCloses = false;
  let leadMs = 0;
  /** What was pending when a delivery was overtaken. */
  let overtaken: { readonly any: boolean; readonly closes: boolean } | null = null;
  // One of an earlier term, or of a process that could not lead, may stand in the database.
  let causeStands = true;
  const repeats = new Repeats();
  while (!over.aborted) {
    try {
      if (doubtful) await loop.onFailed();
      doubtful = false;
      const pending = overtaken ?? (await lookAtPending(leader.database, leader.gateway.gatewayId));
      overtaken = null;
      if (!pending.any && !repairs.waiting) {
        if (causeStands) await clearCause(leader.database, leader.lease);
        causeStands = false;
        loop.onSettled();
        await waker.wait(lookAgainMs, pace, over);
        continue;
      }
      const closes = repairs.waiting || pending.closes;
      const history = { lastMarkerAt, loadMs: loop.loadMs() };
      const wait = markerDueAt(history, closes) - pace.now() - (pending.closes ? leadMs : 0);
      if (wait > 0) {
        await waitForTurn(loop, wait, closes ? 0 : markerDueAt(history, true) - leadMs - pace.now());
        continue;
      }
      const began = pace.now();
      const size = batchSize(costMs, loop.loadMs(), lastCloses);
      const delivered = await attempt(loop, lastMarkerAt, size, repeats);
      costMs = costAfter(costMs, {
        applications: delivered.bundle.probes.length,
        tookMs: pace.now() - began - delivered.waitedMs,
      });
      lastMarkerAt = delivered.markerAt;
      lastCloses = delivered.closes;
      if (delivered.closes) leadMs = Math.min(longestLeadMs, delivered.preparedMs);
      failures = 0;
      causeStands = false;
      repeats.over();
      loop.onFolder(null);
      loop.onDelivered(delivered);
    } catch (error) {
      if (error instanceof LeaseLost) throw error;
      if (error instanceof Overtaken) {
        if (error.by === "a closing change") overtaken = { any: true, closes: true };
        continue;
      }
      loop.onSettled();
      failures++;
      doubtful = true;
      causeStands = true;
      await sayWhy(loop, error, repeats);
      await pace.sleep(backoff(failures, retries), over);
      // The next term makes the folders that are missing, and compares everything; this one may have been fenced.
      if (isFolderGone(error)) return;
    }
  }
}

async function attempt(
  { leader, repairs, loadMs, onMarked }: DeliveryLoop,
  lastMarkerAt: number | null,
  size: BatchSize,
  repeats: Repeats,
): Promise<Delivered> {
  const { database, gateway } = leader;
  const taken = await takeChanges(database, gateway.gatewayId, rowsPerDelivery);
  const pending = batchOf(taken, size);
  const closes = pending.some((row) => row.closes);
  const mending = repairs.take(closes ? size.beside : size.closing);
  const backlog = backlogOf([...pending, ...mending.rows]);
  const mends = backlog.closes || mending.shared || mending.marker;
  const turn = closes
    ? { ready: () => untilDue(leader, lastMarkerAt, loadMs) }
    : { overtaken: overtaking(leader, mends, lastMarkerAt, loadMs) };
  try {
    const rows = pending.map(({ row }) => row);
    return await deliver(leader, { rows, backlog, shared: mending.shared, turn, onMarked });
  } catch (error) {
    repairs.giveBack(mending);
    if (backlog.closes && !(error instanceof LeaseLost || error instanceof Overtaken)) {
      const applications = [...backlog.applications].filter(([, { closes }]) => closes).map(([id]) => id);
      const named = applications.slice(0, 50);
      // The same ones again with growing distance, others at once.
      const silent = repeats.due(`revocation ${named}`, leader.pace.now());
      if (silent !== null) {
        leader.log.error(
          { gatewayId: gateway.gatewayId, err: error, applications: named, silent },
          "revocation not delivered: what was removed or narrowed is still in force at the gateway",
        );
      }
    }
    throw error;
  }
}

/** What closes is staged a little before its marker is due, and waits for that with nothing applied. */
async function untilDue(
  { pace, over }: LeaderContext,
  lastMarkerAt: number | null,
  loadMs: () => number,
): Promise<void> {
  for (;;) {
    const wait = markerDueAt({ lastMarkerAt, loadMs: loadMs() }, true) - pace.now();
    if (wait <= 0 || over.aborted) return;
    await pace.sleep(Math.min(wait, quietMs), over);
  }
}

/** Nothing can be due before a closing change would be; from then on every hint may bring one. */
async function waitForTurn({ leader, waker }: DeliveryLoop, wait: number, closingWait: number): Promise<void> {
  const { pace, over } = leader;
  if (closingWait > 0) return pace.sleep(Math.min(wait, closingWait), over);
  if (closingWait === 0) return pace.sleep(wait, over);
  if (await waker.wait(wait, pace, over)) await pace.sleep(Math.min(quietMs, wait), over);
}

async function sayWhy({ leader, onFolder }: DeliveryLoop, error: unknown, repeats: Repeats): Promise<void> {
  const { database, lease, clock, log, pace } = leader;
  const why = whyOf(error);
  const { cause } = why;
  if (isOfFolder(cause)) onFolder(why);
  const silent = repeats.due(cause, pace.now());
  if (silent !== null) {
    log.warn({ gatewayId: lease.gatewayId, err: error, cause, silent }, "a delivery failed and will be tried again");
  }
  try {
    await recordCause(database, lease, textOf(cause), clock.now());
  } catch (failure) {
    if (failure instanceof LeaseLost) throw failure;
    if (repeats.due("not recorded", pace.now()) !== null) {
      log.warn({ gatewayId: lease.gatewayId, err: failure }, "the cause of a failed delivery could not be recorded");
    }
  }
}
