import { backoff } from "./backoff";

/** Why an application is asked for; earlier ones go first. */
export const proofRanks = ["closes", "waited", "changed", "again"] as const;
export type ProofRank = (typeof proofRanks)[number];

export interface QueuedProof {
  readonly applicationId: string;
  /** The delivery that has to be loaded first. */
  readonly revision: number;
  readonly rank: ProofRank;
  readonly failures: number;
  /** ms of a monotonic clock. */
  readonly notBefore: number;
}

const retries = { firstMs: 100, mostMs: 30_000 };

/** Applications that have to be asked for at the gateway, each once, in the order of who needs it most. */
export class ProofQueue {
  readonly #queued = new Map<string, QueuedProof>();
  readonly #waited = new Set<string>();

  get size(): number {
    return this.#queued.size;
  }

  /** A newer delivery replaces an older one, whose answer would be void. */
  add(applicationId: string, revision: number, rank: ProofRank): void {
    const before = this.#queued.get(applicationId);
    if (before && (before.revision > revision || (before.revision === revision && rank === "again"))) return;
    const closes = before?.rank === "closes";
    this.#queued.set(applicationId, {
      applicationId,
      revision,
      rank: closes ? "closes" : rank,
      failures: 0,
      notBefore: Number.NEGATIVE_INFINITY,
    });
  }

  /** Somebody waits for it: it is asked at once, before what nobody waits for. */
  prioritize(applicationId: string): void {
    const before = this.#queued.get(applicationId);
    if (!before) {
      // Its delivery may still be under way.
      if (this.#waited.size < 10_000) this.#waited.add(applicationId);
      return;
    }
    const rank = before.rank === "closes" ? "closes" : "waited";
    this.#queued.set(applicationId, { ...before, rank, notBefore: Number.NEGATIVE_INFINITY });
  }

  /**
   * What can be asked now, at most `limit`, without taking it off. Answers are recorded together: what closes does not
   * wait for those of others.
   */
  due(loaded: number, now: number, limit: number): QueuedProof[] {
    const due: QueuedProof[] = [];
    for (const queued of this.#queued.values()) {
      if (queued.revision <= loaded && queued.notBefore <= now) due.push(this.#ranked(queued));
    }
    const closing = due.filter(({ rank }) => rank === "closes");
    return (closing.length > 0 ? closing : due)
      .sort(
        (one, other) =>
          proofRanks.indexOf(one.rank) - proofRanks.indexOf(other.rank) || one.notBefore - other.notBefore,
      )
      .slice(0, limit);
  }

  /** ms until something can be asked; null when nothing of what is loaded is queued. */
  nextDue(loaded: number, now: number): number | null {
    let next = Number.POSITIVE_INFINITY;
    for (const queued of this.#queued.values()) {
      if (queued.revision <= loaded) next = Math.min(next, queued.notBefore);
    }
    return next === Number.POSITIVE_INFINITY ? null : Math.max(0, next - now);
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
    this.#queued.set(applicationId, { ...queued, failures, notBefore: now + backoff(failures, retries) });
  }

  #ranked(queued: QueuedProof): QueuedProof {
    const waited = queued.rank !== "closes" && this.#waited.has(queued.applicationId);
    return waited ? { ...queued, rank: "waited" } : queued;
  }
}
