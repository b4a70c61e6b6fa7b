import { backoff } from "../../platform/backoff";
import { type ProofRank, proofRanks } from "../protocol/prober";

/** A delivery of an application that is to be proven, as far as the queue is concerned. */
export interface Provable {
  readonly applicationId: string;
  readonly organizationId: string;
  /** The delivery that has to be loaded first. */
  readonly revision: number;
  /** Visitors are meant to reach the upstream without a credential. */
  readonly isPublic: boolean;
}

export type QueuedProof<Task extends Provable> = Task & {
  readonly rank: ProofRank;
  readonly failures: number;
  /** ms of a monotonic clock. */
  readonly notBefore: number;
};

const retries = { firstMs: 100, mostMs: 30_000 };
/** The same while somebody waits. */
const waitedRetries = { firstMs: 100, mostMs: 1_000 };
/** How long after the last sign of it somebody is taken to wait, in ms. */
const waitedForMs = 10_000;
/** Applications that are remembered as waited for. */
const waitedMost = 10_000;

/** Applications that have to be asked for at the gateway, each once, in the order of who needs it most. */
export class ProofQueue<Task extends Provable> {
  readonly #queued = new Map<string, QueuedProof<Task>>();
  /** Until when somebody is taken to wait, by application; its delivery may still be under way. */
  readonly #waited = new Map<string, number>();

  get size(): number {
    return this.#queued.size;
  }

  /** A newer delivery replaces an older one, whose answer would be void. */
  add(delivered: Task, rank: ProofRank): void {
    const { applicationId, revision } = delivered;
    const before = this.#queued.get(applicationId);
    if (before && (before.revision > revision || (before.revision === revision && rank === "again"))) return;
    const closes = before?.rank === "closes";
    this.#queued.set(applicationId, {
      ...delivered,
      rank: closes ? "closes" : rank,
      failures: 0,
      notBefore: Number.NEGATIVE_INFINITY,
    });
  }

  /**
   * Somebody waits for it: it is asked before what nobody waits for, and more often when it fails. Only the first sign
   * of it brings the next try forward, because a wait gives one at every look.
   */
  prioritize(applicationId: string, now: number): void {
    const isFirst = (this.#waited.get(applicationId) ?? Number.NEGATIVE_INFINITY) < now;
    if (this.#waited.size >= waitedMost) {
      for (const [id, until] of this.#waited) if (until < now) this.#waited.delete(id);
    }
    if (this.#waited.size < waitedMost) this.#waited.set(applicationId, now + waitedForMs);
    const before = this.#queued.get(applicationId);
    if (before && isFirst) this.#queued.set(applicationId, { ...before, notBefore: Number.NEGATIVE_INFINITY });
  }

  /**
   * What can be asked now, without taking it off, in the order of its rank.
   * @param take takes a slot for one, and says whether there was one
   */
  due(loaded: number, now: number, take: (queued: QueuedProof<Task>) => boolean): QueuedProof<Task>[] {
    const due: QueuedProof<Task>[] = [];
    for (const queued of this.#queued.values()) {
      if (queued.revision <= loaded && queued.notBefore <= now) due.push(this.#ranked(queued, now));
    }
    return proofRanks.flatMap((rank) => due.filter((queued) => queued.rank === rank && take(queued)));
  }

  /** ms until something more can be asked than now; null when nothing of what is loaded is queued for later. */
  nextDue(loaded: number, now: number): number | null {
    let next = Number.POSITIVE_INFINITY;
    for (const { revision, notBefore } of this.#queued.values()) {
      if (revision <= loaded && notBefore > now) next = Math.min(next, notBefore);
    }
    return next === Number.POSITIVE_INFINITY ? null : next - now;
  }

  /** Answered: nothing more to ask about this revision. */
  done(applicationId: string, revision: number): void {
    const queued = this.#queued.get(applicationId);
    if (queued && queued.revision <= revision) this.#queued.delete(applicationId);
    this.#waited.delete(applicationId);
  }

  /** Not proven yet: asked again, later each time. */
  failed(applicationId: string, revision: number, now: number): void {
    const queued = this.#queued.get(applicationId);
    if (!queued || queued.revision !== revision) return;
    const failures = queued.failures + 1;
    const limits = this.#isWaited(applicationId, now) ? waitedRetries : retries;
    this.#queued.set(applicationId, { ...queued, failures, notBefore: now + backoff(failures, limits) });
  }

  #isWaited(applicationId: string, now: number): boolean {
    return (this.#waited.get(applicationId) ?? Number.NEGATIVE_INFINITY) >= now;
  }

  #ranked(queued: QueuedProof<Task>, now: number): QueuedProof<Task> {
    const waited = queued.rank !== "closes" && this.#isWaited(queued.applicationId, now);
    return waited ? { ...queued, rank: "waited" } : queued;
  }
}
