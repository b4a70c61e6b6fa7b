import type { Waker } from "#src/platform/signal";
import { type Backlog, backlogOf, batchOf } from "../planner/backlog";
import { assumedCostMs, batchSize, costAfter } from "../planner/batch-size";
import { markerDueAt } from "../planner/marker-spacing";
import { lookAtPending, takeChanges } from "../planner/take-changes";
import type { Bundle } from "../protocol/bundle";
import type { Turn } from "../protocol/target";
import type { LeaderContext } from "./leader-context";
import { type Overtaken, overtaking } from "./preempt-delivery";
import type { Repairs } from "./repair-queue";

/** The outbox rows from which one delivery is chosen. */
const rowsPerDelivery = 5_000;
/** How long to wait for a hint before pending rows are read anyway, in ms. */
const lookAgainMs = 1_000;
/** The minimum time between two reads of pending rows while a marker is not due yet, in ms. */
const quietMs = 20;
/**
 * A delivery that closes begins before its marker is due: as early as the last staging took, but at most this long, in
 * ms. Changes that arrive after its start have to wait for the next delivery.
 */
const longestLeadMs = 400;

/** What one delivery carries: outbox rows, and differences that a comparison found. */
export interface Work {
  /** Ids of the outbox rows that the delivery carries. */
  readonly rows: readonly number[];
  readonly backlog: Backlog;
  /** The file that all applications share is missing or was changed. */
  readonly shared: boolean;
  readonly turn: Turn;
  /** The repairs that it carries, to return to the queue if it fails. */
  readonly repairing: ReturnType<Repairs["take"]>;
  /** Milliseconds of the pace's clock. */
  readonly beganAt: number;
  readonly times: {
    /** Time from the start until everything was staged, in ms. */
    preparedMs: number;
    /** Time it then waited until the marker was due, in ms. */
    waitedMs: number;
  };
}

interface ScheduleOptions {
  readonly leader: LeaderContext;
  readonly repairs: Repairs;
  /** Signals that changes may be pending. */
  readonly waker: Waker;
  /** The last measured time from a marker until it was loaded, in ms. */
  readonly loadMs: () => number;
  /** Called when nothing is pending. */
  readonly onIdle: () => Promise<void>;
}

/** Decides when the next delivery begins and what it carries, from the cost of the previous ones. */
export class DeliverySchedule {
  #lastMarkerAt: number | null = null;
  #costMs = assumedCostMs;
  #lastCloses = false;
  #leadMs = 0;
  /** What was pending when a delivery was preempted. */
  #overtaken: { readonly any: boolean; readonly closes: boolean } | null = null;

  constructor(private readonly options: ScheduleOptions) {}

  /** Waits for work. @returns null if there is nothing to deliver yet */
  async next(): Promise<Work | null> {
    const { leader, repairs, waker, loadMs, onIdle } = this.options;
    const { pace, over, database, gateway } = leader;
    const pending = this.#overtaken ?? (await lookAtPending(database, gateway.gatewayId));
    this.#overtaken = null;
    if (!pending.any && !repairs.waiting) {
      await onIdle();
      await waker.wait(lookAgainMs, pace, over);
      return null;
    }
    const closes = repairs.waiting || pending.closes;
    const history = { lastMarkerAt: this.#lastMarkerAt, loadMs: loadMs() };
    const wait = markerDueAt(history, closes) - pace.now() - (pending.closes ? this.#leadMs : 0);
    if (wait <= 0) return this.#take();
    await this.#waitForTurn(wait, closes ? 0 : markerDueAt(history, true) - this.#leadMs - pace.now());
    return null;
  }

  /** The marker of the delivery was renamed at `markerAt`, and everything is recorded. */
  delivered({ backlog, beganAt, times }: Work, bundle: Bundle, markerAt: number): void {
    this.#costMs = costAfter(this.#costMs, {
      applications: bundle.probes.length,
      tookMs: this.options.leader.pace.now() - beganAt - times.waitedMs,
    });
    this.#lastMarkerAt = markerAt;
    this.#lastCloses = backlog.closes;
    if (backlog.closes) this.#leadMs = Math.min(longestLeadMs, times.preparedMs);
  }

  /** Returns the repairs of a failed delivery to the queue. */
  giveBack({ repairing }: Work): void {
    this.options.repairs.giveBack(repairing);
  }

  /** Stores what preempted this delivery, so that the next one does not have to query it. */
  preempted({ by }: Overtaken): void {
    if (by === "a closing change") this.#overtaken = { any: true, closes: true };
  }

  async #take(): Promise<Work> {
    const { leader, repairs, loadMs } = this.options;
    const beganAt = leader.pace.now();
    const size = batchSize(this.#costMs, loadMs(), this.#lastCloses);
    const taken = await takeChanges(leader.database, leader.gateway.gatewayId, rowsPerDelivery);
    const pending = batchOf(taken, size);
    const closes = pending.some((row) => row.closes);
    const repairing = repairs.take(closes ? size.alongside : size.closing);
    const backlog = backlogOf([...pending, ...repairing.rows]);
    const times = { preparedMs: 0, waitedMs: 0 };
    const mayClose = backlog.closes || repairing.shared || repairing.marker;
    const { ready, overtaken }: Turn = closes
      ? { ready: () => this.#untilDue() }
      : { overtaken: overtaking(leader, mayClose, this.#lastMarkerAt, loadMs) };
    const turn: Turn = { overtaken, ready: this.#timed(times, ready) };
    return { rows: pending.map(({ row }) => row), backlog, shared: repairing.shared, turn, repairing, beganAt, times };
  }

  /** Measures how long staging took, and then how long the delivery waited. */
  #timed(times: Work["times"], ready: Turn["ready"]): () => Promise<void> {
    const { pace } = this.options.leader;
    const began = pace.now();
    return async () => {
      times.preparedMs = pace.now() - began;
      await ready?.();
      times.waitedMs = pace.now() - began - times.preparedMs;
    };
  }

  /**
   * Stages a closing delivery shortly before its marker is due, then waits for that moment before it applies anything.
   */
  async #untilDue(): Promise<void> {
    const { leader, loadMs } = this.options;
    const { pace, over } = leader;
    for (;;) {
      const wait = markerDueAt({ lastMarkerAt: this.#lastMarkerAt, loadMs: loadMs() }, true) - pace.now();
      if (wait <= 0 || over.aborted) return;
      await pace.sleep(Math.min(wait, quietMs), over);
    }
  }

  /** No delivery is due before a closing one would be. After that, each hint may bring a closing change. */
  async #waitForTurn(wait: number, closingWait: number): Promise<void> {
    const { leader, waker } = this.options;
    const { pace, over } = leader;
    if (closingWait > 0) return pace.sleep(Math.min(wait, closingWait), over);
    if (closingWait === 0) return pace.sleep(wait, over);
    if (await waker.wait(wait, pace, over)) await pace.sleep(Math.min(quietMs, wait), over);
  }
}
