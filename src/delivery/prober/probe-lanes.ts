import type { Bounds, Slots } from "../../platform/fair-share";

/**
 * Where an application's probes wait for their turn. Each lane has slots of its own, so that one cannot delay another.
 *
 * `refused`: our chain answers an anonymous visitor before any upstream is asked. `passing`: the upstream answers.
 * `slow`: the last probes were not answered in time.
 */
export type ProbeLane = "refused" | "passing" | "slow";

/** How many applications are asked for at the same time; an owner is an organization. */
export const probeBounds: Readonly<Record<ProbeLane, Bounds>> = {
  refused: { total: 96, perOwner: 24 },
  passing: { total: 48, perOwner: 8 },
  slow: { total: 16, perOwner: 2 },
};

/**
 * Takes a slot of a lane. An organization that holds as many slots as are free gets no further one: where many fill a
 * lane, the next slot that is given back goes to one that has none.
 * @returns a function that gives the slot back; null where there is none
 */
export function takeProbeSlot(slots: Slots, lane: ProbeLane, organizationId: string): (() => void) | null {
  if (slots.heldBy(organizationId) >= probeBounds[lane].total - slots.total) return null;
  const taken = slots.take(organizationId);
  return typeof taken === "string" ? null : taken;
}

/** How long a probe outside of the slow lane may take where an upstream may have to answer, in ms. */
export const probePatienceMs = 1_000;

/** Applications whose last probes were too slow. */
export class SlowApplications {
  readonly #slow = new Set<string>();

  constructor(private readonly most = 10_000) {}

  /** The lane of an application; of one that is not public, what was slow before does not count after a change. */
  laneOf({ applicationId, isPublic }: { readonly applicationId: string; readonly isPublic: boolean }): ProbeLane {
    if (this.#slow.has(applicationId)) return "slow";
    return isPublic ? "passing" : "refused";
  }

  /** What was learned is forgotten oldest first when there is too much of it. */
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
