import { setTimeout as delay } from "node:timers/promises";
import { Refusal } from "../errors/refusal";
import { type FairQueue, fairQueue, type ReachedBound } from "../fair-share";
import { MovingAverage } from "../moving-average";
import { networkOf } from "../net/network-of";
import { hashThreads } from "./hash-workers";

/** The caller of a hash computation. It decides the queue and the share of the queue. */
export type HashCaller =
  /** A caller who is not signed in, by address; all callers without a known address share one bucket. */
  | { readonly stranger: string | null; readonly onTurn?: () => void }
  /** An organization, a person who is signed in, or the bearer of a valid link or invitation. */
  | { readonly known: string };

export interface HashQueues {
  /**
   * Runs the work when it is the caller's turn, and measures it. For an unknown caller it calls `onTurn` when the work
   * starts.
   * @throws Refusal `busy`, with the seconds until the waiting work is done
   */
  run<T>(caller: HashCaller, work: () => Promise<T>): Promise<T>;
  /** Refuses an unknown caller early, before any other work. @throws Refusal `busy` */
  requireRoom(caller: HashCaller): void;
}

interface Surroundings {
  readonly threads: number;
  readonly now: () => number;
  readonly rest: (ms: number) => Promise<unknown>;
}

/** The limit of waiting hash work of unknown callers, in milliseconds. Above it they are refused. */
const mostWaitingMs = 1_000;

/**
 * How long a thread pauses between two hashes of unknown callers, as a multiple of the time of a hash. The other costs
 * of a sign-in (its connection, its statements, the log) grow with the number of hashes, and two cores must also handle
 * these.
 */
const restOfStrangers = 1;

/**
 * No machine computes an Argon2id hash of 19 MiB faster than this, in milliseconds: a lower average measures something
 * else.
 */
const fastestHashMs = 4;

/** The share of one address. */
const shareOfAddress = 0.25;

/**
 * The maximum number of sign-in attempts of one address in a minute. This number of hashes may always wait, however
 * slow the machine is.
 */
export const signInsOfAddress = 5;

/**
 * The maximum number of waiting hashes for all known callers together, and for one of them: about four seconds at 60
 * ms.
 */
const waitingOfKnown = { total: 512, perOwner: 64 };

/** The assumed milliseconds of a hash before the first measurement: Argon2id, and bcrypt of cost 10. */
const guesses = { stranger: 30, known: 60 };

/**
 * Creates two fair queues in front of the hashing threads: one for unknown callers, who want to sign in, and one for
 * known callers, mainly for the visitors' passwords of organizations. The threads alternate between the queues, and
 * each queue alternates between its callers. So neither a flood of sign-ins nor an organization with hundreds of
 * passwords blocks others.
 * @param now a monotonic clock, in milliseconds
 * @param rest resolves after the given milliseconds
 */
export function hashQueues({ threads, now, rest }: Surroundings): HashQueues {
  const running = { total: threads, perOwner: threads };
  // Each queue passes on at most as many hashes as there are threads, so this limit is never reached.
  const processor = fairQueue({
    running,
    waiting: { total: 2 * threads, perOwner: threads },
    refuse: () => new Error("more hashes are under way than both queues admit"),
  });
  const averages = { stranger: new MovingAverage(guesses.stranger), known: new MovingAverage(guesses.known) };
  const msOfStranger = () => Math.max(fastestHashMs, averages.stranger.value) * (1 + restOfStrangers);
  const strangersWaiting = () => Math.max(signInsOfAddress, Math.floor((mostWaitingMs * threads) / msOfStranger()));
  const secondsOf = (hashes: number, ms: number) => Math.max(1, Math.ceil((hashes * ms) / threads / 1_000));

  const strangers = fairQueue({
    running,
    waiting: {
      get total() {
        return strangersWaiting();
      },
      get perOwner() {
        return Math.max(signInsOfAddress, Math.floor(strangersWaiting() * shareOfAddress));
      },
    },
    refuse: (_, ahead) => new Refusal("busy", { work: "sign-ins", retryAfter: secondsOf(ahead, msOfStranger()) }),
  });
  const known = fairQueue({
    running,
    waiting: waitingOfKnown,
    refuse: (reached, ahead) =>
      new Refusal("busy", { work: knownWork[reached], retryAfter: secondsOf(ahead, averages.known.value) }),
  });

  async function measured<T>(average: MovingAverage, work: () => Promise<T>): Promise<T> {
    const began = now();
    try {
      return await work();
    } finally {
      average.add(now() - began);
    }
  }

  /** Returns the result immediately, and keeps the slot during the pause. */
  function thenResting<T>(queue: FairQueue, owner: string, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const inTurn = async () => {
        const done = work();
        done.then(resolve, reject);
        await done.catch(() => undefined);
        await rest(averages.stranger.value * restOfStrangers);
      };
      queue(owner, inTurn).catch(reject);
    });
  }

  return {
    run: (caller, work) => {
      if ("known" in caller) return known(caller.known, () => processor("known", () => measured(averages.known, work)));
      return thenResting(strangers, ownerOf(caller.stranger), () =>
        processor("stranger", () => {
          caller.onTurn?.();
          return measured(averages.stranger, work);
        }),
      );
    },
    requireRoom: (caller) => {
      const refusal = "known" in caller ? known.refusal(caller.known) : strangers.refusal(ownerOf(caller.stranger));
      if (refusal !== null) throw refusal;
    },
  };
}

const knownWork = {
  total: "passwords to hash",
  perOwner: "of your passwords to hash",
} as const satisfies Readonly<Record<ReachedBound, string>>;

const ownerOf = (address: string | null): string => (address === null ? "unknown" : networkOf(address));

/** The queues of this process. */
export const processHashQueues = hashQueues({
  threads: hashThreads,
  now: () => performance.now(),
  rest: (ms) => delay(ms, undefined, { ref: false }),
});
