import { type HashCaller, processHashQueues } from "../../src/platform/passwords/hash-queues";

/** Hashing of this process that goes on until the test ends it. */
export interface HeldHashing {
  /** Ends one piece of it, the one that began first. */
  endOne(): Promise<void>;
  end(): Promise<void>;
}

/**
 * Takes places in this process's hash queues without hashing anything, one for each caller.
 * Callers that are refused take none. Whenever one begins, because a thread has rested enough from a hash before this, its
 * caller takes a place again: as many wait as at first, and none of the test's own hashes gets in.
 */
export async function holdHashing(callers: readonly HashCaller[]): Promise<HeldHashing> {
  const underWay: (() => void)[] = [];
  const held: Promise<void>[] = [];
  let ended = false;
  const hold = (caller: HashCaller, isFirst: boolean): void => {
    const begin = async () => {
      if (ended) return;
      if (isFirst) hold(caller, false);
      await new Promise<void>((resolve) => underWay.push(resolve));
    };
    held.push(processHashQueues.run(caller, begin).catch(() => undefined));
  };
  for (const caller of callers) hold(caller, true);
  await settled();
  return {
    async endOne() {
      underWay.shift()?.();
      await settled();
    },
    async end() {
      ended = true;
      for (const end of underWay) end();
      await Promise.all(held);
    },
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
