import { Repeats } from "#src/platform/repeats";
import { Waker } from "#src/platform/signal";
import type { ProofTask, ReportedProof } from "../protocol/probe";
import type { SettledProof } from "../protocol/prober";
import type { ProberContext } from "./prober-context";
import type { QueuedProof } from "./proof-queue";

/** Results reported together. A closing change waits for at most this many. */
const reportedAtOnce = 50;

/** A result that is not reported yet. */
interface Answered {
  readonly queued: QueuedProof<ProofTask>;
  readonly result: ReportedProof;
  /** Results with this mark are reported first. */
  readonly first: boolean;
}

/** Reports results to the leader, beginning with those that a closing change waits for. */
export class ProofReporter {
  #answers: Answered[] = [];
  readonly #answered = new Waker();

  constructor(
    private readonly context: ProberContext,
    private readonly on: {
      readonly settled: (proof: SettledProof) => void;
      /** The result was reported, or the report failed: the application's slot is free. */
      readonly over: (queued: QueuedProof<ProofTask>) => void;
    },
  ) {}

  add(queued: QueuedProof<ProofTask>, result: ReportedProof): void {
    const first = queued.rank === "closes" || !queued.isPublic;
    this.#answers.push({ queued, result, first });
    this.#answered.ring();
  }

  async run(): Promise<void> {
    const { reports, pace, over, log } = this.context;
    const repeats = new Repeats();
    while (!over.aborted) {
      const waiting = this.#answers.some(({ first }) => first)
        ? this.#answers.filter(({ first }) => first)
        : this.#answers;
      const chosen = new Set(waiting.slice(0, reportedAtOnce));
      if (chosen.size === 0) {
        await this.#answered.wait(1_000, pace, over);
        continue;
      }
      this.#answers = this.#answers.filter((one) => !chosen.has(one));
      try {
        const settled = await reports.proofs([...chosen].map(({ result }) => result));
        for (const proof of settled) this.on.settled(proof);
        repeats.over();
      } catch (error) {
        if (over.aborted) return;
        const silent = repeats.due("report", pace.now());
        if (silent !== null) log.warn({ err: error, silent }, "proofs could not be recorded");
        await pace.sleep(500, over);
      }
      for (const { queued } of chosen) this.on.over(queued);
    }
  }
}
