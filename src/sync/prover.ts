import { type Budget, fullBudget, spend } from "../core/sync/budget";
import { ProofQueue, type ProofRank } from "../core/sync/proof-queue";
import { asSync } from "../persistence/as-sync";
import { pageOfStates } from "../persistence/sync/desired-state";
import {
  type ProofResult,
  type ProofTask,
  pageOfProven,
  readProofTasks,
  recordProofs,
} from "../persistence/sync/proofs";
import { askProbes } from "./ask-probes";
import type { GatewayClient } from "./gateway-client";
import type { Leading } from "./leading";
import { Waker } from "./waker";

export interface ProverSettings {
  /** Questions to one gateway, most a second. */
  readonly perSecond: number;
  /** How long one round of asking again what is proven takes at least, in ms; a full round takes at most ten minutes. */
  readonly roundMs: number;
}

/** Applications asked for in one go: a closing change waits for no more than these. */
const batch = 50;
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
  #budget: Budget;
  #again: { cursor: string; begun: number; next: number };

  constructor(
    private readonly leading: Leading,
    private readonly client: GatewayClient,
    private readonly loaded: () => number | null,
    private readonly settings: ProverSettings,
  ) {
    const now = leading.pace.now();
    this.#budget = fullBudget(settings.perSecond, now);
    this.#again = { cursor: "", begun: now, next: now + settings.roundMs };
  }

  add(applicationId: string, revision: number, rank: ProofRank): void {
    this.#queue.add(applicationId, revision, rank);
  }

  prioritize(applicationId: string): void {
    this.#queue.prioritize(applicationId);
    this.#waker.ring();
  }

  /** Something was loaded, or something can be asked. */
  wake(): void {
    this.#waker.ring();
  }

  /** Finds what is delivered and not proven, whoever delivered it. */
  async recall(): Promise<void> {
    const { database, gateway } = this.leading;
    for (let after = ""; ; ) {
      const page = await asSync(database, (tx) => pageOfStates(tx, gateway.gatewayId, after, 500));
      for (const { applicationId, revision, provenRevision } of page) {
        if (provenRevision < revision) this.#queue.add(applicationId, revision, "changed");
      }
      const last = page.at(-1);
      if (last === undefined) return;
      after = last.applicationId;
    }
  }

  async run(): Promise<void> {
    const { pace, over, log } = this.leading;
    while (!over.aborted) {
      let asked = 0;
      try {
        asked = await this.#askDue();
        if (asked === 0) await this.#askAgain();
      } catch (error) {
        if (over.aborted) return;
        log.warn({ err: error }, "proofs could not be recorded");
        await pace.sleep(500, over);
      }
      if (asked > 0) continue;
      const now = pace.now();
      const next = this.#queue.nextDue(this.loaded() ?? -1, now) ?? Number.POSITIVE_INFINITY;
      await this.#waker.wait(Math.min(next, Math.max(0, this.#again.next - now), 1_000), pace, over);
    }
  }

  async #askDue(): Promise<number> {
    const { database, gateway, lease, clock, pace } = this.leading;
    const loaded = this.loaded();
    if (loaded === null) return 0;
    const due = this.#queue.due(loaded, pace.now(), batch);
    if (due.length === 0) return 0;
    const rows = await readProofTasks(
      database,
      gateway.gatewayId,
      due.map(({ applicationId }) => applicationId),
    );
    const tasks = new Map(rows.map((row) => [row.applicationId, row]));
    const results: ProofResult[] = [];
    await Promise.all(
      due.map(async ({ applicationId, revision, rank }) => {
        const task = tasks.get(applicationId);
        if (task === undefined) return this.#queue.done(applicationId, revision);
        if (task.revision > loaded) {
          this.#queue.done(applicationId, revision);
          return this.#queue.add(applicationId, task.revision, rank);
        }
        if (task.provenRevision >= task.revision && rank !== "again") {
          return this.#queue.done(applicationId, task.revision);
        }
        const result = await askProbes(this.leading, this.client, task, () => this.#allowed());
        if (this.#tells(task, result)) results.push(result);
        else this.#queue.done(applicationId, task.revision);
      }),
    );
    // What was not answered because this process stops tells nothing.
    if (this.leading.over.aborted) return 0;
    if (results.length > 0) {
      const stored = await recordProofs(database, lease, results, clock.now());
      for (const result of results) this.#settle(result, stored.has(result.applicationId));
      this.leading.onProgress?.();
    }
    return due.length;
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
    for (const { applicationId, revision } of page) this.#queue.add(applicationId, revision, "again");
    const last = page.at(-1);
    if (last !== undefined && page.length === againStep.applications) {
      this.#again = { ...this.#again, cursor: last.applicationId, next: now + againStep.pauseMs };
    } else {
      const begun = Math.max(now, this.#again.begun + this.settings.roundMs);
      this.#again = { cursor: "", begun, next: Math.max(begun, now + againStep.pauseMs) };
    }
    if (page.length > 0) this.#waker.ring();
  }

  async #allowed(): Promise<void> {
    const { budget, waitMs } = spend(this.#budget, this.leading.pace.now());
    this.#budget = budget;
    if (waitMs > 0) await this.leading.pace.sleep(waitMs, this.leading.over);
  }
}
