import type { Waker } from "../../platform/signal";
import { type Backlog, backlogOf, batchOf } from "../planner/backlog";
import { assumedCostMs, batchSize, costAfter } from "../planner/batch-size";
import { markerDueAt } from "../planner/marker-spacing";
import { lookAtPending, takeChanges } from "../planner/take-changes";
import type { Bundle } from "../protocol/bundle";
import type { Turn } from "../protocol/target";
import type { LeaderContext } from "./leader-context";
import { type Overtaken, overtaking } from "./preempt-delivery";
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

/** What one delivery carries: outbox rows, and what a comparison found to be different from what it should be. */
export interface Work {
  /** Ids of the outbox rows that it answers. */
  readonly rows: readonly number[];
  readonly backlog: Backlog;
  /** The file that all applications share is missing or altered. */
  readonly shared: boolean;
  readonly turn: Turn;
  /** What it mends, to be given back if it fails. */
  readonly mending: ReturnType<Repairs["take"]>;
  /** In ms of the pace. */
  readonly beganAt: number;
  readonly times: {
    /** From the beginning until everything was staged, in ms. */
    preparedMs: number;
    /** How long it then waited until it was due, in ms. */
    waitedMs: number;
  };
}

interface ScheduleOptions {
  readonly leader: LeaderContext;
  readonly repairs: Repairs;
  /** Rings when something may be pending. */
  readonly waker: Waker;
  /** The last measured time from a marker to its being loaded, in ms. */
  readonly loadMs: () => number;
  /** Nothing is pending. */
  readonly onIdle: () => Promise<void>;
}

/** Decides when the next delivery begins and what it carries, by what the last ones cost. */
export class DeliverySchedule {
  #lastMarkerAt: number | null = null;
  #costMs = assumedCostMs;
  #lastCloses = false;
  #leadMs = 0;
  /** What was pending when a delivery was overtaken. */
  #overtaken: { readonly any: boolean; readonly closes: boolean } | null = null;

  constructor(private readonly options: ScheduleOptions) {}

  /** Waits for work. @returns null where there is nothing to deliver yet */
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

  /** The marker of the work was renamed at `markerAt`, and everything is recorded. */
  delivered({ backlog, beganAt, times }: Work, bundle: Bundle, markerAt: number): void {
    this.#costMs = costAfter(this.#costMs, {
      applications: bundle.probes.length,
      tookMs: this.options.leader.pace.now() - beganAt - times.waitedMs,
    });
    this.#lastMarkerAt = markerAt;
    this.#lastCloses = backlog.closes;
    if (backlog.closes) this.#leadMs = Math.min(longestLeadMs, times.preparedMs);
  }

  /** What a delivery that failed should have mended is still to be mended. */
  giveBack({ mending }: Work): void {
    this.options.repairs.giveBack(mending);
  }

  /** The next delivery does not have to look for what overtook this one. */
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
    const mending = repairs.take(closes ? size.beside : size.closing);
    const backlog = backlogOf([...pending, ...mending.rows]);
    const times = { preparedMs: 0, waitedMs: 0 };
    const mends = backlog.closes || mending.shared || mending.marker;
    const { ready, overtaken }: Turn = closes
      ? { ready: () => this.#untilDue() }
      : { overtaken: overtaking(leader, mends, this.#lastMarkerAt, loadMs) };
    const turn: Turn = { overtaken, ready: this.#timed(times, ready) };
    return { rows: pending.map(({ row }) => row), backlog, shared: mending.shared, turn, mending, beganAt, times };
  }

  /** Measures how long staging took, and then the wait. */
  #timed(times: Work["times"], ready: Turn["ready"]): () => Promise<void> {
    const { pace } = this.options.leader;
    const began = pace.now();
    return async () => {
      times.preparedMs = pace.now() - began;
      await ready?.();
      times.waitedMs = pace.now() - began - times.preparedMs;
    };
  }

  /** What closes is staged a little before its marker is due, and waits for that with nothing applied. */
  async #untilDue(): Promise<void> {
    const { leader, loadMs } = this.options;
    const { pace, over } = leader;
    for (;;) {
      const wait = markerDueAt({ lastMarkerAt: this.#lastMarkerAt, loadMs: loadMs() }, true) - pace.now();
      if (wait <= 0 || over.aborted) return;
      await pace.sleep(Math.min(wait, quietMs), over);
    }
  }

  /** Nothing can be due before a closing change would be; from then on every hint may bring one. */
  async #waitForTurn(wait: number, closingWait: number): Promise<void> {
    const { leader, waker } = this.options;
    const { pace, over } = leader;
    if (closingWait > 0) return pace.sleep(Math.min(wait, closingWait), over);
    if (closingWait === 0) return pace.sleep(wait, over);
    if (await waker.wait(wait, pace, over)) await pace.sleep(Math.min(quietMs, wait), over);
  }
}
