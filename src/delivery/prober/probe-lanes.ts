import type { Bounds, Slots } from "#src/platform/fair-share";

/**
 * The queue in which an application's probes wait. Each lane has its own slots, so that one lane cannot delay another.
 *
 * `refused`: Portcullis's middleware chain answers an anonymous visitor before any upstream is reached. `passing`: the
 * upstream answers. `slow`: the last probes got no response in time.
 */
export type ProbeLane = "refused" | "passing" | "slow";

/** How many applications are probed concurrently. The owner of a slot is an organization. */
export const probeBounds: Readonly<Record<ProbeLane, Bounds>> = {
  refused: { total: 96, perOwner: 24 },
  passing: { total: 48, perOwner: 8 },
  slow: { total: 16, perOwner: 2 },
};

/**
 * Takes a slot of a lane. An organization that holds as many slots as are free gets no further one, so that in a full
 * lane the next slot goes to an organization that has none.
 * @returns a function that releases the slot; null if there is none
 */
export function takeProbeSlot(slots: Slots, lane: ProbeLane, organizationId: string): (() => void) | null {
  if (slots.heldBy(organizationId) >= probeBounds[lane].total - slots.total) return null;
  const taken = slots.take(organizationId);
  return typeof taken === "string" ? null : taken;
}

/** How long a probe outside the slow lane may take if an upstream may have to answer, in ms. */
export const probePatienceMs = 1_000;

/** Applications whose last probes were too slow. */
export class SlowApplications {
  readonly #slow = new Set<string>();

  constructor(private readonly most = 10_000) {}

  /** The lane of an application. For one that is not public, earlier slow probes do not count after a change. */
  laneOf({ applicationId, isPublic }: { readonly applicationId: string; readonly isPublic: boolean }): ProbeLane {
    if (this.#slow.has(applicationId)) return "slow";
    return isPublic ? "passing" : "refused";
  }

  /** When the memory is full, the oldest entry is removed first. */
  add(applicationId: string): void {
    this.#slow.delete(applicationId);
    this.#slow.add(applicationId);
    const [oldest] = this.#slow;
    if (this.#slow.size > this.most && oldest !== undefined) this.#slow.delete(oldest);
  }

  remove(applicationId: string): void {
    this.#slow.delete(applicationId);
  }
}
