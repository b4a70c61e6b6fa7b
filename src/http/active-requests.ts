import type { OverloadedWith } from "../platform/errors/reasons";
import { Refusal } from "../platform/errors/refusal";
import { type Bounds, type FairQueue, fairQueue, type ReachedBound, Slots } from "../platform/fair-share";

/** How many requests this process works on at once. */
export interface RequestBounds {
  /** Requests that are being answered; `perOwner` is the share of an organization. */
  readonly active: Bounds;
  /** Answers that are sent while they are made (exports); `perOwner` is the share of an organization. */
  readonly streams: Bounds;
}

export const defaultRequestBounds: RequestBounds = {
  active: { total: 256, perOwner: 64 },
  streams: { total: 32, perOwner: 8 },
};

/** One request's place among those that are worked on. */
export interface RequestSlot {
  /** The request is this organization's from now on. @throws Refusal `overloaded` */
  assign(owner: string): void;
  /** Gives the place to another request: this one is answered, or only waits from now on. */
  release(): void;
  /** Takes a place for an answer that is sent while it is made. @returns what gives it back @throws Refusal `overloaded` */
  openStream(owner: string): () => void;
}

/** Requests that only have to be looked up: one query each, in turn for each organization or address. */
const lookingUp = {
  running: { total: 64, perOwner: 32 },
  waiting: { total: 4_096, perOwner: 2_048 },
} as const;

/** The most credentials whose organization is remembered. */
const remembered = 10_000;

/**
 * Bounds what this process works on at once, in total and per organization. Only a query tells whose request it is, so
 * the organization of each credential is remembered: a flood of one organization's requests then ends at its own share,
 * before it has taken the places of all. A credential that is not known yet is looked up first, in a queue of its own.
 * A request that only waits for something goes through that queue as well, and takes no place. Callers without a
 * credential share half of the places; one address gets no more of them than an organization.
 */
export class ActiveRequests {
  readonly #active: Slots;
  readonly #strangers: Slots;
  readonly #streams: Slots;
  readonly #lookingUp: FairQueue;
  readonly #owners = new Map<string, string>();

  constructor({ active, streams }: RequestBounds = defaultRequestBounds) {
    this.#active = new Slots(active);
    this.#strangers = new Slots({ total: Math.ceil(active.total / 2), perOwner: active.perOwner });
    this.#streams = new Slots(streams);
    this.#lookingUp = fairQueue({ ...lookingUp, refuse: (reached) => overloaded(reached, "active requests") });
  }

  /** Requests that are worked on now. */
  get active(): number {
    return this.#active.total;
  }

  /**
   * Takes a place.
   * @param address of the caller; every unknown one is given the same
   * @param credential what the request presents, in a form that may be kept: a hash. null without one
   * @throws Refusal `overloaded`
   */
  async enter(address: string, credential: string | null): Promise<RequestSlot> {
    const owner = credential === null ? undefined : this.#owners.get(credential);
    if (credential === null) return this.#slot(null, null, this.#enterAsStranger(address));
    if (owner === undefined) return this.#slot(credential, null, await this.#enterLine(address));
    return this.#slot(credential, owner, this.#enterAs(owner));
  }

  /**
   * Takes a place in the line alone, for a request that will wait for something once it was looked up.
   * @throws Refusal `overloaded`
   */
  async enterToWait(address: string, credential: string | null): Promise<RequestSlot> {
    const owner = credential === null ? undefined : this.#owners.get(credential);
    const slot = this.#slot(credential, null, await this.#enterLine(owner ?? address));
    return { ...slot, assign: (next) => this.#remember(credential, next) };
  }

  #slot(credential: string | null, owner: string | null, leave: () => void): RequestSlot {
    let held = owner;
    let giveBack = leave;
    let isOver = false;
    return {
      assign: (next) => {
        this.#remember(credential, next);
        if (isOver || held === next) return;
        giveBack();
        giveBack = () => undefined;
        giveBack = this.#enterAs(next);
        held = next;
      },
      release: () => {
        isOver = true;
        giveBack();
      },
      openStream: (next) => taken(this.#streams.take(next), "exports that are being sent"),
    };
  }

  /** The organization that a credential was remembered for may no longer be its own. */
  forget(credential: string): void {
    this.#owners.delete(credential);
  }

  #enterAs(owner: string): () => void {
    return taken(this.#active.take(owner), "active requests");
  }

  #enterLine(address: string): Promise<() => void> {
    return new Promise((resolve, reject) => {
      this.#lookingUp(address, () => new Promise<void>((leave) => resolve(leave))).catch(reject);
    });
  }

  /** A stranger counts twice: among all, and among strangers. */
  #enterAsStranger(address: string): () => void {
    const amongStrangers = taken(this.#strangers.take(address), "active requests");
    const amongAll = this.#active.take(`address ${address}`);
    if (typeof amongAll === "string") {
      amongStrangers();
      throw overloaded(amongAll, "active requests");
    }
    return () => {
      amongStrangers();
      amongAll();
    };
  }

  #remember(credential: string | null, owner: string): void {
    if (credential === null || this.#owners.get(credential) === owner) return;
    if (this.#owners.size >= remembered) this.#owners.clear();
    this.#owners.set(credential, owner);
  }
}

function taken(slot: ReturnType<Slots["take"]>, what: OverloadedWith): () => void {
  if (typeof slot === "string") throw overloaded(slot, what);
  return slot;
}

function overloaded(bound: ReachedBound, what: OverloadedWith): Refusal {
  return new Refusal("overloaded", { what, bound });
}
