import { backoff } from "#src/platform/backoff";
import { type ProofRank, proofRanks } from "../protocol/prober";

/** The fields of an application's delivery that the queue needs. */
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
  /** Milliseconds of a monotonic clock. */
  readonly notBefore: number;
};

const retries = { firstMs: 100, mostMs: 30_000 };
/** The retry delays while a visitor is let in. */
const exposedRetries = { firstMs: 100, mostMs: 5_000 };
/** The retry delays while a caller waits. */
const waitedRetries = { firstMs: 100, mostMs: 1_000 };
/** How long after its last sign a caller counts as waiting, in ms. */
const waitedForMs = 10_000;
/** The maximum number of applications that are remembered as waited for. */
const waitedMost = 10_000;

/** Applications that have to be probed at the gateway, each once, ordered by priority. */
export class ProofQueue<Task extends Provable> {
  readonly #queued = new Map<string, QueuedProof<Task>>();
  /** Until when a caller counts as waiting, by application. Its delivery may still be in progress. */
  readonly #waited = new Map<string, number>();

  get size(): number {
    return this.#queued.size;
  }

  /** A newer delivery replaces an older one, whose result would be void. */
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
   * A caller waits for this application: it is probed before applications without a waiting caller, and retried more
   * often. Only the first sign brings the next attempt forward, because a wait sends one with every query.
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
   * Returns what can be probed now, in the order of its rank, without removing it from the queue.
   * @param take takes a slot, and returns whether there was one
   */
  due(loaded: number, now: number, take: (queued: QueuedProof<Task>) => boolean): QueuedProof<Task>[] {
    const due: QueuedProof<Task>[] = [];
    for (const queued of this.#queued.values()) {
      if (queued.revision <= loaded && queued.notBefore <= now) due.push(this.#ranked(queued, now));
    }
    return proofRanks.flatMap((rank) => due.filter((queued) => queued.rank === rank && take(queued)));
  }

  /** Milliseconds until more can be probed than now; null if no loaded delivery is queued for later. */
  nextDue(loaded: number, now: number): number | null {
    let next = Number.POSITIVE_INFINITY;
    for (const { revision, notBefore } of this.#queued.values()) {
      if (revision <= loaded && notBefore > now) next = Math.min(next, notBefore);
    }
    return next === Number.POSITIVE_INFINITY ? null : next - now;
  }

  /** The probe is complete: this revision needs no further probe. */
  done(applicationId: string, revision: number): void {
    const queued = this.#queued.get(applicationId);
    if (queued && queued.revision <= revision) this.#queued.delete(applicationId);
    this.#waited.delete(applicationId);
  }

  /** The revision is not proven yet: it is probed again, with growing delays. @param isExposed a visitor is let in */
  failed(applicationId: string, revision: number, now: number, isExposed = false): void {
    const queued = this.#queued.get(applicationId);
    if (!queued || queued.revision !== revision) return;
    const failures = queued.failures + 1;
    const unwaited = isExposed ? exposedRetries : retries;
    const limits = this.#isWaited(applicationId, now) ? waitedRetries : unwaited;
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
