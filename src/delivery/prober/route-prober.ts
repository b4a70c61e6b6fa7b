import { Slots } from "#src/platform/fair-share";
import { Repeats } from "#src/platform/repeats";
import { Waker } from "#src/platform/signal";
import type { ProofTask, ReportedProof } from "../protocol/probe";
import type { ProofPage, ProofRank, SettledProof } from "../protocol/prober";
import { ProbeBudget } from "./probe-budget";
import { type ProbeLane, probeBounds, probePatienceMs, SlowApplications, takeProbeSlot } from "./probe-lanes";
import type { ProberContext } from "./prober-context";
import { ProofQueue, type QueuedProof } from "./proof-queue";
import { ProofReporter } from "./proof-reporter";
import { sendProbes } from "./send-probes";

/** Time between two checks of what is due, in ms. Each check goes through the whole queue. */
const turns = { short: 4, long: 40, longFrom: 50 };
/** Without a signal, the queue is checked again after this time at the latest, in ms. */
const longestRestMs = 1_000;
/**
 * Applications probed again in one step of a round, and the pause between steps in ms: 10,000 applications in ten
 * minutes.
 */
const againStep = { applications: 50, pauseMs: 2_500 };

/** Results that leave earlier proofs unchanged. */
const inconclusive: ReadonlySet<string> = new Set([
  "gateway_does_not_answer",
  "not_provable_from_here",
  "rate_limited",
]);

/** Probes the gateway as a visitor, to check whether it enforces what it has loaded. */
export class RouteProber {
  readonly #queue = new ProofQueue<ProofTask>();
  readonly #waker = new Waker();
  readonly #slow = new SlowApplications();
  readonly #slots: Readonly<Record<ProbeLane, Slots>> = {
    refused: new Slots(probeBounds.refused),
    passing: new Slots(probeBounds.passing),
    slow: new Slots(probeBounds.slow),
  };
  /**
   * Applications that are being probed, with their slots. A newer delivery does not wait for the response about an older
   * one.
   */
  readonly #probing = new Map<string, () => void>();
  readonly #budget: ProbeBudget;
  readonly #reporter: ProofReporter;
  #again: { cursor: string; begun: number; next: number };

  constructor(
    private readonly context: ProberContext,
    /** The newest delivery that the gateway was seen to serve; null before its first response. */
    private readonly loaded: () => number | null,
  ) {
    const { gateway, pace, over } = context;
    const now = pace.now();
    this.#budget = new ProbeBudget(gateway.perSecond, pace, over);
    this.#reporter = new ProofReporter(context, {
      settled: (proof) => this.#settle(proof),
      over: (queued) => this.#giveSlotBack(queued),
    });
    this.#again = { cursor: "", begun: now, next: now + gateway.roundMs };
  }

  add(task: ProofTask, rank: ProofRank): void {
    // An upstream that was slow does not matter for an application that refuses visitors now.
    if (!task.isPublic && rank !== "again") this.#slow.remove(task.applicationId);
    this.#queue.add(task, rank);
  }

  prioritize(applicationId: string): void {
    this.#queue.prioritize(applicationId, this.context.pace.now());
    this.#waker.ring();
  }

  /** A delivery was loaded, or a probe can be sent. */
  wake(): void {
    this.#waker.ring();
  }

  /**
   * At the start of a term, finds what is delivered and not proven, and what was not probed for longer than a round
   * takes because no process led the gateway. The exposure of these applications is unknown, or soon will be, so they
   * do not wait for a round.
   */
  async recall(): Promise<void> {
    for (let after: string | null = ""; after !== null; ) {
      const { tasks, next }: ProofPage = await this.context.reports.unproven(after);
      for (const { rank, ...task } of tasks) this.#queue.add(task, rank);
      after = next;
    }
  }

  async run(): Promise<void> {
    await Promise.all([this.#probeUntilOver(), this.#reporter.run()]);
  }

  async #probeUntilOver(): Promise<void> {
    const { pace, over, log } = this.context;
    const repeats = new Repeats();
    while (!over.aborted) {
      let started = 0;
      try {
        started = this.#startDue();
        if (started === 0) await this.#probeAgain();
        repeats.over();
      } catch (error) {
        if (over.aborted) return;
        const silent = repeats.due("read", pace.now());
        if (silent !== null) log.warn({ err: error, silent }, "the applications to probe could not be read");
        await pace.sleep(500, over);
      }
      if (started > 0) {
        await pace.sleep(this.#queue.size < turns.longFrom ? turns.short : turns.long, over);
        continue;
      }
      await this.#waker.wait(Math.min(this.#nextTask(), longestRestMs), pace, over);
    }
  }

  /** In ms. While no loaded revision is known, nothing can be probed. */
  #nextTask(): number {
    const loaded = this.loaded();
    if (loaded === null) return Number.POSITIVE_INFINITY;
    const now = this.context.pace.now();
    const next = this.#queue.nextDue(loaded, now) ?? Number.POSITIVE_INFINITY;
    return Math.min(next, Math.max(0, this.#again.next - now));
  }

  /** Starts probes for what is due and has a slot. @returns the number of applications */
  #startDue(): number {
    const loaded = this.loaded();
    if (loaded === null) return 0;
    const due = this.#queue.due(loaded, this.context.pace.now(), (queued) => this.#takeSlot(queued));
    for (const queued of due) void this.#probe(queued);
    return due.length;
  }

  #takeSlot(queued: QueuedProof<ProofTask>): boolean {
    const key = keyOf(queued);
    if (this.#probing.has(key)) return false;
    const lane = this.#slow.laneOf(queued);
    const slot = takeProbeSlot(this.#slots[lane], lane, queued.organizationId);
    if (slot === null) return false;
    this.#probing.set(key, slot);
    return true;
  }

  #giveSlotBack(queued: QueuedProof<ProofTask>): void {
    this.#probing.get(keyOf(queued))?.();
    this.#probing.delete(keyOf(queued));
    this.#waker.ring();
  }

  /** Never rejects. The slot is held until the result is reported, so that nothing is probed twice. */
  async #probe(queued: QueuedProof<ProofTask>): Promise<void> {
    const { over, log, pace } = this.context;
    try {
      const result = await this.#resultOf(queued);
      if (result === null || over.aborted) return this.#giveSlotBack(queued);
      this.#reporter.add(queued, result);
    } catch (error) {
      log.warn({ err: error, applicationId: queued.applicationId }, "an application could not be proven");
      this.#queue.failed(queued.applicationId, queued.revision, pace.now());
      this.#giveSlotBack(queued);
    }
  }

  /** Probes the gateway. @returns null if there is nothing to report */
  async #resultOf(queued: QueuedProof<ProofTask>): Promise<ReportedProof | null> {
    const { applicationId, revision, organizationId } = queued;
    const { pace, over } = this.context;
    // The caller waits for an application that is already enforced.
    if (isProven(queued) && queued.rank !== "again") {
      this.#queue.done(applicationId, revision);
      return null;
    }
    const isSlow = this.#slow.laneOf(queued) === "slow";
    const line = queued.isPublic || isSlow ? "others" : "first";
    const began = pace.now();
    const result = await sendProbes(this.context, queued, {
      allowed: () => this.#budget.pass(organizationId, line),
      patienceMs: isSlow ? null : probePatienceMs,
    });
    if (result === "too_slow") {
      this.#slow.add(applicationId);
      return null;
    }
    if (isSlow && pace.now() - began < probePatienceMs) this.#slow.remove(applicationId);
    if (over.aborted || this.#isConclusive(queued, result)) return result;
    this.#queue.done(applicationId, revision);
    return null;
  }

  /** A gateway that is briefly down, or cannot be reached from here, does not invalidate earlier proofs. */
  #isConclusive(queued: QueuedProof<ProofTask>, result: ReportedProof): boolean {
    if (!isProven(queued) || result.why === null) return true;
    if (inconclusive.has(result.why)) return false;
    const { applicationId, why, proof } = result;
    this.context.log.error({ applicationId, why, proof }, "the gateway no longer enforces what it enforced before");
    return true;
  }

  #settle({ applicationId, revision, isDone, isExposed }: SettledProof): void {
    if (isDone) this.#queue.done(applicationId, revision);
    else this.#queue.failed(applicationId, revision, this.context.pace.now(), isExposed);
  }

  /** Runs one step of the round in which every proven application is probed again. */
  async #probeAgain(): Promise<void> {
    const { reports, gateway, pace } = this.context;
    const now = pace.now();
    if (now < this.#again.next || this.loaded() === null) return;
    const page = await reports.proven(this.#again.cursor, againStep.applications);
    for (const task of page) this.#queue.add(task, "again");
    const last = page.at(-1);
    if (last !== undefined && page.length === againStep.applications) {
      this.#again = { ...this.#again, cursor: last.applicationId, next: now + againStep.pauseMs };
    } else {
      const begun = Math.max(now, this.#again.begun + gateway.roundMs);
      this.#again = { cursor: "", begun, next: Math.max(begun, now + againStep.pauseMs) };
    }
    if (page.length > 0) this.#waker.ring();
  }
}

/** Whether the proof still counts. After a result that was not proven, the application is probed until it is. */
function isProven({ wasProven, failures }: QueuedProof<ProofTask>): boolean {
  return wasProven && failures === 0;
}

function keyOf({ applicationId, revision }: ProofTask): string {
  return `${applicationId} ${revision}`;
}
