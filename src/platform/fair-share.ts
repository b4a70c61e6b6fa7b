/** A bound for everyone together, and the share of it that one owner (an organization, a key, an address) may hold. */
export interface Bounds {
  readonly total: number;
  readonly perOwner: number;
}

/** The bound that was reached. */
export type ReachedBound = keyof Bounds;

/** Counts slots that are held, by owner. Nothing waits: a caller that gets no slot is refused at once. */
export class Slots {
  readonly #bounds: Bounds;
  readonly #held = new Map<string, number>();
  #total = 0;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  get total(): number {
    return this.#total;
  }

  heldBy(owner: string): number {
    return this.#held.get(owner) ?? 0;
  }

  /** The bound that keeps `owner` from taking `amount` slots now, or null. */
  reached(owner: string, amount = 1): ReachedBound | null {
    if (this.heldBy(owner) + amount > this.#bounds.perOwner) return "perOwner";
    return this.#total + amount > this.#bounds.total ? "total" : null;
  }

  /**
   * Takes slots without waiting, all of them or none.
   * @param amount of slots: one for a request, the bytes for memory
   * @returns a function that gives the slots back (further calls do nothing), or the bound that was reached
   */
  take(owner: string, amount = 1): (() => void) | ReachedBound {
    const reached = this.reached(owner, amount);
    if (reached !== null) return reached;
    this.#add(owner, amount);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#add(owner, -amount);
    };
  }

  #add(owner: string, change: number): void {
    const held = this.heldBy(owner) + change;
    if (held === 0) this.#held.delete(owner);
    else this.#held.set(owner, held);
    this.#total += change;
  }
}

export interface FairQueue {
  /** Runs work when a slot is free. @throws the error of `refuse` if the limit of waiting work is reached */
  <T>(owner: string, work: () => Promise<T>): Promise<T>;
  /** Returns the error with which work of this owner would be refused now, or null if it may run or wait. */
  refusal(owner: string): Error | null;
}

export interface FairQueueBounds {
  readonly running: Bounds;
  /** Read at every arrival, so that a getter can derive it from measurements. */
  readonly waiting: Bounds;
  /**
   * Creates the error for work that finds the queue full.
   * @param ahead how many entries that wait now would start before the refused one
   */
  readonly refuse: (reached: ReachedBound, ahead: number) => Error;
}

/**
 * A bounded queue that serves owners in turn: one owner's hundred entries delay another owner's first entry by one.
 * Entries of one owner run in the order of their arrival.
 */
export function fairQueue({ running, waiting, refuse }: FairQueueBounds): FairQueue {
  const slots = new Slots(running);
  const waitingSlots = new Slots(waiting);
  const queues = new Map<string, (() => void)[]>();

  /** Starts waiting work while slots are free; the served owner moves to the end of the queue. */
  const serve = (): void => {
    for (const [owner, queue] of queues) {
      const reached = slots.reached(owner);
      if (reached === "total") return;
      if (reached === "perOwner") continue;
      const start = queue.shift();
      queues.delete(owner);
      if (queue.length > 0) queues.set(owner, queue);
      start?.();
    }
  };

  /**
   * Counts the entries ahead of an owner. Because owners take turns, every other owner starts at most one entry more
   * than this owner has waiting.
   */
  const aheadOf = (owner: string): number => {
    const own = queues.get(owner)?.length ?? 0;
    let ahead = own;
    for (const [other, { length }] of queues) if (other !== owner) ahead += Math.min(length, own + 1);
    return ahead;
  };

  const waitForSlot = (owner: string): Promise<() => void> => {
    const leave = waitingSlots.take(owner);
    if (typeof leave === "string") return Promise.reject(refuse(leave, aheadOf(owner)));
    return new Promise((resolve) => {
      const queue = queues.get(owner) ?? [];
      queues.set(owner, queue);
      queue.push(() => {
        leave();
        const release = slots.take(owner);
        if (typeof release === "string") throw new Error(`no slot for a served owner: ${release}`);
        resolve(release);
      });
    });
  };

  const run = async <T>(owner: string, work: () => Promise<T>): Promise<T> => {
    const taken = queues.has(owner) ? null : slots.take(owner);
    const release = typeof taken === "function" ? taken : await waitForSlot(owner);
    try {
      return await work();
    } finally {
      release();
      serve();
    }
  };

  const refusal = (owner: string): Error | null => {
    if (!queues.has(owner) && slots.reached(owner) === null) return null;
    const reached = waitingSlots.reached(owner);
    return reached === null ? null : refuse(reached, aheadOf(owner));
  };

  return Object.assign(run, { refusal });
}
