import { type Bounds, type ReachedBound, Slots } from "../platform/fair-share";

/** How much memory bodies under way may take, in bytes: those of callers who are not known yet, and those of the known. */
export interface BodyMemoryBounds {
  /** `perOwner` is the share of an address. */
  readonly strangers: Bounds;
  /** `perOwner` is the share of an organization. */
  readonly known: Bounds;
}

/** The memory of one body, counted while it is held. */
export interface BodyAccount {
  /** Counts bytes that have arrived. @returns the bound that was reached: then they are not counted, and must not be kept */
  grow(bytes: number): ReachedBound | null;
  /** From now on the body counts as this organization's. @returns the bound that was reached: then nothing changes */
  recognize(organizationId: string): ReachedBound | null;
  /** Gives everything back. */
  close(): void;
}

/** Counts the bytes of all bodies that are held in memory. */
export class BodyMemory {
  readonly #strangers: Slots;
  readonly #known: Slots;

  constructor({ strangers, known }: BodyMemoryBounds) {
    this.#strangers = new Slots(strangers);
    this.#known = new Slots(known);
  }

  /** Bytes that are held now. */
  get held(): number {
    return this.#strangers.total + this.#known.total;
  }

  /** @param address of the caller; every unknown one is given the same */
  open(address: string): BodyAccount {
    let [slots, owner, bytes] = [this.#strangers, address, 0];
    let releases: (() => void)[] = [];
    const close = () => {
      for (const release of releases) release();
      releases = [];
    };
    return {
      grow: (more) => {
        const taken = slots.take(owner, more);
        if (typeof taken === "string") return taken;
        releases.push(taken);
        bytes += more;
        return null;
      },
      recognize: (organizationId) => {
        const taken = this.#known.take(organizationId, bytes);
        if (typeof taken === "string") return taken;
        close();
        [slots, owner, releases] = [this.#known, organizationId, [taken]];
        return null;
      },
      close,
    };
  }
}
