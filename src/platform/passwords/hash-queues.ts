import { setTimeout as delay } from "node:timers/promises";
import { Refusal } from "../errors/refusal";
import { type FairQueue, fairQueue, type ReachedBound } from "../fair-share";
import { MovingAverage } from "../moving-average";
import { networkOf } from "../net/network-of";
import { hashThreads } from "./hash-workers";

/** For whom a password is hashed: decides in which queue, and as whose share of it. */
export type HashCaller =
  /** Somebody who is not signed in, by address; all without a known address share one bucket. */
  | { readonly stranger: string | null; readonly onTurn?: () => void }
  /** An organization, a person who is signed in, or the bearer of a link or invitation that was found good. */
  | { readonly known: string };

export interface HashQueues {
  /**
   * Runs the work when it is the caller's turn, and measures it. For a stranger `onTurn` is called when the work starts.
   * @throws Refusal `busy`, with the seconds in which the work that waits is done
   */
  run<T>(caller: HashCaller, work: () => Promise<T>): Promise<T>;
  /** Refuses a stranger early, before anything else is done for them. @throws Refusal `busy` */
  requireRoom(caller: HashCaller): void;
}

interface Surroundings {
  readonly threads: number;
  readonly now: () => number;
  readonly rest: (ms: number) => Promise<unknown>;
}

/** Strangers are refused when more than so much of their hashing waits, in milliseconds. */
const mostWaitingMs = 1_000;

/**
 * How long a thread rests after a stranger's hash before it takes the next stranger's, by the time of a hash: what else a
 * sign-in costs (its connection, its statements, the log) grows with the hashes, and two cores have to do that too.
 */
const restOfStrangers = 1;

/** No machine makes an Argon2id hash of 19 MiB in less, in milliseconds: an average below it is of something else. */
const fastestHashMs = 4;

/** What one address may hold of it. */
const shareOfAddress = 0.25;

/** Sign-ins that one address may try in a minute. So many hashes may always wait, however slow the machine is. */
export const signInsOfAddress = 5;

/** Hashes that may wait for everyone known together, and for one of them: at 60 ms about four seconds. */
const waitingOfKnown = { total: 512, perOwner: 64 };

/** Milliseconds that a hash takes until one was measured: Argon2id, and bcrypt of cost 10. */
const guesses = { stranger: 30, known: 60 };

/**
 * Two fair queues in front of the hashing threads: one of strangers, who want to sign in, and one of known callers, with
 * an organization's visitors' passwords above all. The threads serve the two in turn, and each serves its callers in
 * turn: neither a flood of sign-ins nor an organization with hundreds of passwords keeps others waiting.
 * @param now a monotonic clock, in milliseconds
 * @param rest resolves after so many milliseconds
 */
export function hashQueues({ threads, now, rest }: Surroundings): HashQueues {
  const running = { total: threads, perOwner: threads };
  // Of each queue as much gets this far as there are threads, so nothing is ever refused here.
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

  /** Answers at once, and keeps the slot for the rest. */
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

/** The ones of this process. */
export const processHashQueues = hashQueues({
  threads: hashThreads,
  now: () => performance.now(),
  rest: (ms) => delay(ms, undefined, { ref: false }),
});
