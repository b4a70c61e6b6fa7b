import type { OverloadedWith } from "../platform/errors/reasons/capacity";
import { Refusal } from "../platform/errors/refusal";
import { type Bounds, type FairQueue, fairQueue, type ReachedBound, Slots } from "../platform/fair-share";

/** The limits on requests that this process handles concurrently. */
export interface RequestBounds {
  /** Requests in progress; `perOwner` is the share of one organization. */
  readonly active: Bounds;
  /** Responses that are streamed (exports); `perOwner` is the share of one organization. */
  readonly streams: Bounds;
}

export const defaultRequestBounds: RequestBounds = {
  active: { total: 256, perOwner: 64 },
  streams: { total: 32, perOwner: 8 },
};

/** The slot of one request among those in progress. */
export interface RequestSlot {
  /** Counts the request against this organization from now on. @throws Refusal `overloaded` */
  assign(owner: string): void;
  /** Frees the slot: the request is answered, or it only waits from now on. */
  release(): void;
  /** Takes a slot for a streamed response. @returns a function that frees the slot @throws Refusal `overloaded` */
  openStream(owner: string): () => void;
}

/** Requests whose caller is still being looked up: one query each, in turn for each organization or address. */
const lookingUp = {
  running: { total: 64, perOwner: 32 },
  waiting: { total: 4_096, perOwner: 2_048 },
} as const;

/** The maximum number of credentials whose organization is cached. */
const remembered = 10_000;

/**
 * Limits the requests in progress, in total and per organization. Only a query shows to which organization a request
 * belongs, so the organization of each credential is cached: a flood of requests from one organization then stops at
 * its own share and leaves the other slots free. An unknown credential is looked up first, in a separate queue. A
 * request that only waits for something also goes through that queue, and takes no slot. Callers without a credential
 * share half of the slots; one address gets at most the share of an organization.
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

  /** The number of requests in progress. */
  get active(): number {
    return this.#active.total;
  }

  /**
   * Takes a slot.
   * @param address the address of the caller; all unknown addresses share one value
   * @param credential a hash of the credential that the request presents; null if it presents none
   * @throws Refusal `overloaded`
   */
  async enter(address: string, credential: string | null): Promise<RequestSlot> {
    const owner = credential === null ? undefined : this.#owners.get(credential);
    if (credential === null) return this.#slot(null, null, this.#enterAsStranger(address));
    if (owner === undefined) return this.#slot(credential, null, await this.#enterLine(address));
    return this.#slot(credential, owner, this.#enterAs(owner));
  }

  /**
   * Takes a slot in the lookup queue only, for a request that will wait for something after its caller is known.
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

  /** Drops the cached organization of a credential, which may have changed. */
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

  /** An unknown caller counts twice: among all requests, and among those of unknown callers. */
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
