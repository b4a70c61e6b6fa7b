import { asSync } from "../../database/as-sync";
import { Slots } from "../../platform/fair-share";
import { hasExpired, later } from "../../platform/moment";
import { Repeats } from "../../platform/repeats";
import { Waker } from "../../platform/signal";
import type { Intended } from "../../traefik/compiler/state";
import { causeOf } from "../cause-of";
import type { Leading } from "../leader/leader-context";
import { type ProofResult, type ProofTask, pageOfProven, readProofTasks, recordProofs } from "../leader/proofs";
import { pageOfStates } from "../planner/desired-state";
import { askProbes } from "./ask-probes";
import type { GatewayClient } from "./gateway-client";
import { ProbeBudget } from "./probe-budget";
import { type ProbeLane, probeBounds, probePatienceMs, SlowApplications, takeProbeSlot } from "./probe-lanes";
import { type DeliveredApplication, ProofQueue, type ProofRank, type QueuedProof } from "./proof-queue";

export interface ProverSettings {
  /** Questions to one gateway, most a second. */
  readonly perSecond: number;
  /** How long one round of asking again what is proven takes at least, in ms; `longestRoundMs` at most. */
  readonly roundMs: number;
}

/** Results stored in one transaction: a closing change waits for no more than these. */
const storedAtOnce = 50;
/**
 * Time between two looks at what is due, in ms: while much is queued, what came due in between is read in one statement.
 */
const turns = { short: 4, long: 40, longFrom: 50 };
/** Without a ring, what is due is looked at again after this time at the latest, in ms. */
const longestRestMs = 1_000;
const longestRoundMs = 600_000;
/** Applications asked again in one step of a round, and the pause between two steps in ms: 10,000 in ten minutes. */
const againStep = { applications: 50, pauseMs: 2_500 };

/** Answers that leave everything as it was seen before. */
const tellsNothing: ReadonlySet<string> = new Set([
  "gateway_does_not_answer",
  "not_provable_from_here",
  "rate_limited",
]);

/** Asks the gateway, as a visitor, whether it enforces what it has loaded. */
export class Prover {
  readonly #queue = new ProofQueue();
  readonly #waker = new Waker();
  readonly #slow = new SlowApplications();
  readonly #slots: Readonly<Record<ProbeLane, Slots>> = {
    refused: new Slots(probeBounds.refused),
    passing: new Slots(probeBounds.passing),
    slow: new Slots(probeBounds.slow),
  };
  /** What is being asked for, with the slot that it holds. A newer delivery does not wait for the answer about an older one. */
  readonly #asking = new Map<string, () => void>();
  readonly #budget: ProbeBudget;
  readonly #answered = new Waker();
  #results: Answered[] = [];
  #again: { cursor: string; begun: number; next: number };

  constructor(
    private readonly leading: Leading,
    private readonly client: GatewayClient,
    private readonly loaded: () => number | null,
    private readonly settings: ProverSettings,
  ) {
    const now = leading.pace.now();
    this.#budget = new ProbeBudget(settings.perSecond, leading.pace, leading.over);
    this.#again = { cursor: "", begun: now, next: now + settings.roundMs };
  }

  add(delivered: DeliveredApplication, rank: ProofRank): void {
    // An upstream that was slow says nothing of an application that refuses visitors now.
    if (!delivered.isPublic && rank !== "again") this.#slow.remove(delivered.applicationId);
    this.#queue.add(delivered, rank);
  }

  prioritize(applicationId: string): void {
    this.#queue.prioritize(applicationId, this.leading.pace.now());
    this.#waker.ring();
  }

  /** Something was loaded, or something can be asked. */
  wake(): void {
    this.#waker.ring();
  }

  /**
   * At the start of a term: finds what is delivered and not proven, and what was not asked again for longer than a round
   * takes, because no process led the gateway. Its exposure is unknown, or soon will be: it does not wait for a round.
   */
  async recall(): Promise<void> {
    const { database, gateway, clock } = this.leading;
    const now = clock.now();
    for (let after = ""; ; ) {
      const page = await asSync(database, (tx) => pageOfStates(tx, gateway.gatewayId, after, 500));
      for (const state of page) {
        if (state.provenRevision < state.revision) this.#queue.add(delivered(state), "changed");
        else if (hasExpired(state.provedAt && later(state.provedAt, longestRoundMs), now))
          this.#queue.add(delivered(state), "again");
      }
      const last = page.at(-1);
      if (last === undefined) return;
      after = last.applicationId;
    }
  }

  async run(): Promise<void> {
    await Promise.all([this.#askUntilOver(), this.#storeUntilOver()]);
  }

  async #askUntilOver(): Promise<void> {
    const { pace, over, log } = this.leading;
    const repeats = new Repeats();
    while (!over.aborted) {
      let asked = 0;
      try {
        asked = await this.#askDue();
        if (asked === 0) await this.#askAgain();
        repeats.over();
      } catch (error) {
        if (over.aborted) return;
        const silent = repeats.due(causeOf(error), pace.now());
        if (silent !== null) log.warn({ err: error, silent }, "what is to be proven could not be read");
        await pace.sleep(500, over);
      }
      if (asked > 0) {
        await pace.sleep(this.#queue.size < turns.longFrom ? turns.short : turns.long, over);
        continue;
      }
      await this.#waker.wait(Math.min(this.#nextTask(), longestRestMs), pace, over);
    }
  }

  /** In ms. While nothing is known to be loaded, nothing can be asked, whatever is due. */
  #nextTask(): number {
    const loaded = this.loaded();
    if (loaded === null) return Number.POSITIVE_INFINITY;
    const now = this.leading.pace.now();
    const next = this.#queue.nextDue(loaded, now) ?? Number.POSITIVE_INFINITY;
    return Math.min(next, Math.max(0, this.#again.next - now));
  }

  /** Begins to ask for what is due and has a slot. @returns for how many */
  async #askDue(): Promise<number> {
    const { database, gateway, pace } = this.leading;
    const loaded = this.loaded();
    if (loaded === null) return 0;
    const due = this.#queue.due(loaded, pace.now(), (queued) => this.#takeSlot(queued));
    if (due.length === 0) return 0;
    const ids = due.map(({ applicationId }) => applicationId);
    try {
      const tasks = new Map(
        (await readProofTasks(database, gateway.gatewayId, ids)).map((task) => [task.applicationId, task]),
      );
      for (const queued of due) void this.#ask(queued, tasks.get(queued.applicationId), loaded);
    } catch (error) {
      for (const queued of due) this.#giveSlotBack(queued);
      throw error;
    }
    return due.length;
  }

  #takeSlot(queued: QueuedProof): boolean {
    const key = keyOf(queued);
    if (this.#asking.has(key)) return false;
    const lane = this.#slow.laneOf(queued);
    const slot = takeProbeSlot(this.#slots[lane], lane, queued.organizationId);
    if (slot === null) return false;
    this.#asking.set(key, slot);
    return true;
  }

  #giveSlotBack(queued: QueuedProof): void {
    this.#asking.get(keyOf(queued))?.();
    this.#asking.delete(keyOf(queued));
    this.#waker.ring();
  }

  /** Never rejects. The slot is held until the result is stored, so that nothing is asked twice. */
  async #ask(queued: QueuedProof, task: ProofTask | undefined, loaded: number): Promise<void> {
    try {
      const result = await this.#answerTo(queued, task, loaded);
      if (result === null || this.leading.over.aborted) return this.#giveSlotBack(queued);
      const first = queued.rank === "closes" || !queued.isPublic;
      this.#results.push({ queued, result, first });
      this.#answered.ring();
    } catch (error) {
      this.leading.log.warn({ err: error, applicationId: queued.applicationId }, "an application could not be proven");
      this.#queue.failed(queued.applicationId, queued.revision, this.leading.pace.now());
      this.#giveSlotBack(queued);
    }
  }
  /** Asks the gateway. @returns null where there is nothing to store */
  async #answerTo(queued: QueuedProof, task: ProofTask | undefined, loaded: number): Promise<ProofResult | null> {
    const { applicationId, revision, rank, organizationId } = queued;
    const { pace } = this.leading;
    const isTold = task !== undefined && task.provenRevision >= task.revision && rank !== "again";
    if (task === undefined || task.revision > loaded || isTold) {
      this.#queue.done(applicationId, task?.revision ?? revision);
      if (task !== undefined && !isTold) this.#queue.add(delivered(task), rank);
      return null;
    }
    const isSlow = this.#slow.laneOf(queued) === "slow";
    const line = queued.isPublic || isSlow ? "others" : "first";
    const began = pace.now();
    const result = await askProbes(this.leading, this.client, task, {
      allowed: () => this.#budget.pass(organizationId, line),
      patienceMs: isSlow ? null : probePatienceMs,
    });
    if (result === "too_slow") {
      this.#slow.add(applicationId);
      return null;
    }
    if (isSlow && pace.now() - began < probePatienceMs) this.#slow.remove(applicationId);
    if (this.leading.over.aborted || this.#tells(task, result)) return result;
    this.#queue.done(applicationId, task.revision);
    return null;
  }

  async #storeUntilOver(): Promise<void> {
    const { database, lease, clock, pace, over, log } = this.leading;
    const repeats = new Repeats();
    while (!over.aborted) {
      const waiting = this.#results.some(({ first }) => first)
        ? this.#results.filter(({ first }) => first)
        : this.#results;
      const chosen = new Set(waiting.slice(0, storedAtOnce));
      if (chosen.size === 0) {
        await this.#answered.wait(1_000, pace, over);
        continue;
      }
      this.#results = this.#results.filter((one) => !chosen.has(one));
      try {
        const results = [...chosen].map(({ result }) => result);
        const stored = await recordProofs(database, lease, results, clock.now());
        for (const result of results) this.#settle(result, stored.has(result.applicationId));
        this.leading.onProgress?.();
        repeats.over();
      } catch (error) {
        if (over.aborted) return;
        const silent = repeats.due(causeOf(error), pace.now());
        if (silent !== null) log.warn({ err: error, silent }, "proofs could not be recorded");
        await pace.sleep(500, over);
      }
      for (const { queued } of chosen) this.#giveSlotBack(queued);
    }
  }

  /** A gateway that is down for a moment, or cannot be asked from here, does not undo what was seen before. */
  #tells(task: ProofTask, result: ProofResult): boolean {
    if (task.provenRevision < task.revision || result.why === null) return true;
    if (result.why !== null && tellsNothing.has(result.why)) return false;
    const { applicationId, why, proof } = result;
    this.leading.log.error({ applicationId, why, proof }, "the gateway does not enforce any more what it did");
    return true;
  }

  #settle({ applicationId, revision, why }: ProofResult, stored: boolean): void {
    if (why === null || why === "tags_are_off" || !stored) this.#queue.done(applicationId, revision);
    else this.#queue.failed(applicationId, revision, this.leading.pace.now());
  }

  /** One step of the round in which everything that is proven is asked again. */
  async #askAgain(): Promise<void> {
    const { database, gateway, pace } = this.leading;
    const now = pace.now();
    if (now < this.#again.next || this.loaded() === null) return;
    const page = await pageOfProven(database, gateway.gatewayId, this.#again.cursor, againStep.applications);
    for (const state of page) this.#queue.add(delivered(state), "again");
    const last = page.at(-1);
    if (last !== undefined && page.length === againStep.applications) {
      this.#again = { ...this.#again, cursor: last.applicationId, next: now + againStep.pauseMs };
    } else {
      const begun = Math.max(now, this.#again.begun + this.settings.roundMs);
      this.#again = { cursor: "", begun, next: Math.max(begun, now + againStep.pauseMs) };
    }
    if (page.length > 0) this.#waker.ring();
  }
}

/** An answer that is not stored yet. */
interface Answered {
  readonly queued: QueuedProof;
  readonly result: ProofResult;
  /** It is stored before those that may wait. */
  readonly first: boolean;
}

function keyOf({ applicationId, revision }: QueuedProof): string {
  return `${applicationId} ${revision}`;
}

function delivered(
  state: Omit<DeliveredApplication, "isPublic"> & { readonly intended: Intended },
): DeliveredApplication {
  const { applicationId, organizationId, revision, intended } = state;
  return { applicationId, organizationId, revision, isPublic: intended === "public" };
}
