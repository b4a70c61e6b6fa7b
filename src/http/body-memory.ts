import { type Bounds, type ReachedBound, Slots } from "../platform/fair-share";

/** The memory limits for incoming bodies, in bytes: for unknown callers and for known callers. */
export interface BodyMemoryBounds {
  /** `perOwner` is the share of one address. */
  readonly strangers: Bounds;
  /** `perOwner` is the share of one organization. */
  readonly known: Bounds;
}

/** Counts the memory of one body while the process holds it. */
export interface BodyAccount {
  /**
   * Counts received bytes. @returns the limit that was reached; the bytes are then not counted and must be discarded
   */
  grow(bytes: number): ReachedBound | null;
  /**
   * Counts the body against this organization from now on. @returns the limit that was reached; then nothing changes
   */
  recognize(organizationId: string): ReachedBound | null;
  /** Frees all counted bytes. */
  close(): void;
}

/** Counts the bytes of all request bodies in memory. */
export class BodyMemory {
  readonly #strangers: Slots;
  readonly #known: Slots;

  constructor({ strangers, known }: BodyMemoryBounds) {
    this.#strangers = new Slots(strangers);
    this.#known = new Slots(known);
  }

  /** The number of bytes in memory now. */
  get held(): number {
    return this.#strangers.total + this.#known.total;
  }

  /** @param address the address of the caller; all unknown addresses share one value */
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
