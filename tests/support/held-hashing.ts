import { type HashCaller, processHashQueues } from "#src/platform/passwords/hash-queues";

/** Hashing of this process that continues until the test ends it. */
export interface HeldHashing {
  /** Ends the hash that began first. */
  endOne(): Promise<void>;
  end(): Promise<void>;
}

/**
 * Takes one slot for each caller in the hash queues of this process, without hashing anything. A refused caller takes
 * none. When a held hash begins, because a thread has finished its pause after an earlier hash, its caller takes
 * another slot. The number of waiting hashes therefore stays the same, and no hash of the test itself starts.
 */
export async function holdHashing(callers: readonly HashCaller[]): Promise<HeldHashing> {
  const running: (() => void)[] = [];
  const held: Promise<void>[] = [];
  let ended = false;
  const hold = (caller: HashCaller, isFirst: boolean): void => {
    const begin = async () => {
      if (ended) return;
      if (isFirst) hold(caller, false);
      await new Promise<void>((resolve) => running.push(resolve));
    };
    held.push(processHashQueues.run(caller, begin).catch(() => undefined));
  };
  for (const caller of callers) hold(caller, true);
  await settled();
  return {
    async endOne() {
      running.shift()?.();
      await settled();
    },
    async end() {
      ended = true;
      for (const end of running) end();
      await Promise.all(held);
    },
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
