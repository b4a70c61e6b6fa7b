import type { Logger } from "pino";
import type { Database } from "../database/database";
import { Refusal } from "../platform/errors/refusal";
import { type FairQueue, fairQueue, Slots } from "../platform/fair-share";
import { Waker } from "../platform/signal";
import { type Pace, realPace } from "../platform/timer";
import type { Wait, WaitOwner, Waits } from "../platform/waits";
import { findBlocking } from "./leader/blocked-waits";

/** How many waits may run concurrently. */
export interface WaitBounds {
  /** For each API key or session. */
  readonly perCaller: number;
  readonly perOrganization: number;
  readonly total: number;
}

/** The defaults. */
export const usualWaitBounds: WaitBounds = { perCaller: 20, perOrganization: 200, total: 2_000 };

interface WaitHubOptions {
  readonly database: Database;
  readonly log: Logger;
  /** A caller waits for this application to be enforced. */
  readonly prioritize: (applicationId: string) => void;
  readonly bounds?: WaitBounds;
  readonly pace?: Pace;
  /** How often a caller's permission to wait is checked again, in ms. */
  readonly checkEveryMs?: number;
}

/** After how long a refused caller may retry, in seconds. */
const retryAfter = 2;

/** Targets in one statement. On the embedded database, nothing else runs during it. */
const targetsInOneLook = 40;
/**
 * Time between two queries for one wait, in ms: at first as short as a delivery can be, later as short as a person
 * notices.
 */
const pauses = { first: 25, last: 250, slower: 1.4 };
/** The minimum time between two queries for one wait, in ms, however often something is delivered. */
const closest = 20;
/**
 * The share of time that queries may take: without progress, and right after a delivery, load or proof. A query on the
 * embedded database blocks everything else; one on PostgreSQL does not.
 */
const rests = { postgres: { quiet: 0.1, woken: 0.5 }, embedded: { quiet: 0.02, woken: 0.1 } };
/** The maximum pause, in ms. On a busy machine a query takes long without costing much. */
const longestRest = 200;
const usualCheckEveryMs = 5_000;
/** Time between two permission checks, for all callers together, in ms. */
const checksApart = 20;
/** Delay after a failed query, in ms. */
const afterFailure = 500;
/** Concurrent final reads of waits. The embedded database has one connection, which others need between two reads. */
const readsAtOnce = { postgres: 4, embedded: 1 };

interface Waiting extends Wait {
  /** Equal for waits for the same thing. */
  readonly key: string;
  readonly ring: () => void;
  lookedAt: number;
  dueAt: number;
  pause: number;
}

/** Creates the hub that all waits of a process share. It does nothing while there is no wait. */
export function createWaitHub(options: WaitHubOptions): Waits {
  const { database, log, prioritize } = options;
  const pace = options.pace ?? realPace;
  const bounds = options.bounds ?? usualWaitBounds;
  const ofCallers = new Slots({ total: bounds.total, perOwner: bounds.perCaller });
  const ofOrganizations = new Slots({ total: bounds.total, perOwner: bounds.perOrganization });
  const inTurn: FairQueue = fairQueue({
    running: { total: readsAtOnce[database.kind], perOwner: 1 },
    waiting: { total: bounds.total, perOwner: bounds.perOrganization },
    refuse: () => noSlot(),
  });
  const waiting = new Set<Waiting>();
  const permitted = new PermitChecks(pace, options.checkEveryMs ?? usualCheckEveryMs);
  const waker = new Waker();
  const never = new AbortController().signal;
  let isLooking = false;
  /** Something was delivered, loaded or proven since the last complete query. */
  let isWoken = false;
  let last = { endedAt: Number.NEGATIVE_INFINITY, took: 0 };

  async function lookWhileAnyWait(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    while (waiting.size > 0) {
      const now = pace.now();
      const next = Math.max(restUntil(), Math.min(...[...waiting].map(({ dueAt }) => dueAt)));
      if (next > now) {
        await waker.wait(Math.max(1, next - now), pace, never);
        continue;
      }
      const due = [...waiting].filter(({ dueAt }) => dueAt <= now).sort((one, other) => one.dueAt - other.dueAt);
      await look(due);
      last = { endedAt: pace.now(), took: pace.now() - now };
      if (due.length <= targetsInOneLook) isWoken = false;
    }
    isLooking = false;
  }

  /** Leaves the database to others between two queries, so that queries take no more than their share of the time. */
  function restUntil(): number {
    const { quiet, woken } = rests[database.kind];
    return last.endedAt + Math.min(longestRest, last.took / (isWoken ? woken : quiet) - last.took);
  }

  /** Queries the first targets that are due. */
  async function look(due: readonly Waiting[]): Promise<void> {
    const keys = new Set<string>();
    const chosen = due.filter(({ key }) => keys.has(key) || (keys.size < targetsInOneLook && keys.add(key).size > 0));
    const targets = new Map(chosen.map(({ key, target }) => [key, target]));
    try {
      const found = await findBlocking(database, [...targets.values()]);
      const blocking = new Map([...targets.keys()].map((key, at) => [key, found[at]]));
      for (const one of chosen) {
        const blocked = blocking.get(one.key);
        if (blocked === undefined) one.ring();
        else postpone(one);
      }
      const unproven = found.flatMap((one) => (one?.unproven && one.applicationId !== null ? [one.applicationId] : []));
      for (const applicationId of new Set(unproven)) prioritize(applicationId);
    } catch (error) {
      log.warn({ err: error, waits: waiting.size }, "the progress of awaited changes could not be read");
      for (const one of chosen) one.dueAt = pace.now() + afterFailure;
    }
  }

  function postpone(one: Waiting): void {
    const now = pace.now();
    one.pause = Math.min(pauses.last, one.pause * pauses.slower);
    one.lookedAt = now;
    one.dueAt = now + one.pause;
  }

  return {
    enter({ organizationId, caller }: WaitOwner) {
      const ofCaller = ofCallers.take(caller);
      if (typeof ofCaller === "string") throw ofCaller === "total" ? noSlot() : shareUsed("caller", bounds.perCaller);
      const ofOrganization = ofOrganizations.take(organizationId);
      if (typeof ofOrganization === "function") {
        return () => {
          ofCaller();
          ofOrganization();
        };
      }
      ofCaller();
      throw ofOrganization === "total" ? noSlot() : shareUsed("organization", bounds.perOrganization);
    },
    async moved(wait) {
      if (wait.signal?.aborted) return;
      const bell = new AbortController();
      const ring = () => bell.abort();
      const pause = wait.again ? pauses.last : pauses.first;
      const now = pace.now();
      const one: Waiting = {
        ...wait,
        key: JSON.stringify(wait.target),
        ring,
        lookedAt: now,
        dueAt: now + pause,
        pause,
      };
      wait.signal?.addEventListener("abort", ring, { once: true });
      waiting.add(one);
      const endChecks = permitted.add(one);
      waker.ring();
      void lookWhileAnyWait();
      try {
        await pace.sleep(wait.forMs, bell.signal);
      } finally {
        wait.signal?.removeEventListener("abort", ring);
        waiting.delete(one);
        endChecks();
        if (waiting.size === 0) waker.ring();
      }
    },
    inTurn,
    wake() {
      if (waiting.size === 0) return;
      isWoken = true;
      for (const one of waiting) one.dueAt = Math.min(one.dueAt, one.lookedAt + closest);
      waker.ring();
    },
    get held() {
      return ofCallers.total;
    },
  };
}

/** Periodically checks that waiting callers still have permission to wait, one caller at a time. */
class PermitChecks {
  readonly #groups = new Map<string, { readonly waits: Set<Waiting>; dueAt: number }>();
  readonly #waker = new Waker();
  readonly #never = new AbortController().signal;
  #isRunning = false;

  constructor(
    private readonly pace: Pace,
    private readonly everyMs: number,
  ) {}

  /** @returns a function that ends the checks of this wait */
  add(wait: Waiting): () => void {
    const { permitKey } = wait;
    const group = this.#groups.get(permitKey) ?? { waits: new Set(), dueAt: this.pace.now() + this.everyMs };
    this.#groups.set(permitKey, group);
    group.waits.add(wait);
    void this.#run();
    return () => {
      group.waits.delete(wait);
      if (group.waits.size === 0 && this.#groups.get(permitKey) === group) this.#groups.delete(permitKey);
      if (this.#groups.size === 0) this.#waker.ring();
    };
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    while (this.#groups.size > 0) {
      const [next] = [...this.#groups.values()].sort((one, other) => one.dueAt - other.dueAt);
      const [wait] = next?.waits ?? [];
      const pause = (next?.dueAt ?? 0) - this.pace.now();
      if (next === undefined || wait === undefined || pause > 0) {
        await this.#waker.wait(Math.max(1, pause), this.pace, this.#never);
        continue;
      }
      next.dueAt = this.pace.now() + this.everyMs;
      // If the permission cannot be checked now, the check before the response decides.
      const isPermitted = await wait.isPermitted().catch(() => true);
      if (!isPermitted) for (const one of next.waits) one.ring();
      await this.pace.sleep(checksApart, this.#never);
    }
    this.#isRunning = false;
  }
}

function shareUsed(owner: "caller" | "organization", most: number): Refusal {
  return new Refusal("too_many_waits", { limit: `waits:${owner}`, owner, most, retryAfter });
}

function noSlot(): Refusal {
  return new Refusal("wait_capacity_reached", { retryAfter });
}
